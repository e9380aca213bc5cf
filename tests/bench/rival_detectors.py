"""Detectors that others use or would write first, for comparison with ours: compare_detectors.py runs them.

Each is a class with its published source, a small grid of settings, and scores(series, first): for the bins from number
first on, (bin, score), where a higher score is more surprising. A threshold on the score makes alarms of it. Where a source
judges fixed periods, its windows slide here, and P(negative) is counted instead of labels: both can only help.
"""
import bisect
import itertools
import math
import statistics

BIN_MS = 300000
HOUR = 12  # in bins
DAY = 24 * HOUR
MEMORY = 12 * DAY  # the longest history that any of them looks at


class Series:
    """The messages of one key in bins of five minutes: n of them and k negative, only bins that have some."""

    def __init__(self, bins, n, k, begin):
        self.bins, self.n, self.k = bins, n, k
        self.begin = begin  # the first bin of the key, which may be before this part of it
        self.sum_n = list(itertools.accumulate(n, initial=0))
        self.sum_k = list(itertools.accumulate(k, initial=0.0))

    def after(self, bin_):
        """Number of the first entry whose bin is later."""
        return bisect.bisect_right(self.bins, bin_)

    def between(self, i, j):
        """Messages and negatives in entries i up to j."""
        return self.sum_n[j] - self.sum_n[i], self.sum_k[j] - self.sum_k[i]


class Rival:
    name = source = ""
    grid = {}

    def __init__(self, **settings):
        for name, value in settings.items():
            setattr(self, name, value)
        self.settings = settings

    @classmethod
    def candidates(cls):
        for values in itertools.product(*cls.grid.values()):
            yield cls(**dict(zip(cls.grid, values)))

    def scores(self, series, first):
        raise NotImplementedError


class Windowed(Rival):
    """The last `window` against the `history` before it."""

    least = 3  # messages in the window

    def scores(self, series, first):
        for i in range(first, len(series.bins)):
            bin_ = series.bins[i]
            since = bin_ - self.window
            start = series.after(since)
            n, k = series.between(start, i + 1)
            if n < self.least:
                continue
            before_n, before_k = series.between(series.after(since - self.history), start)
            if before_n >= 10:
                score = self.score(n, k, before_n, before_k, min(self.history, since - series.begin))
                if score > 0.0:
                    yield bin_, score

    def score(self, n, k, before_n, before_k, known):
        raise NotImplementedError


class PChart(Windowed):
    name = "p-chart"
    source = "Shewhart 1931; Montgomery, Introduction to Statistical Quality Control, ch. 7"
    grid = {"window": [3, HOUR, 3 * HOUR, 12 * HOUR, DAY], "history": [DAY, 7 * DAY, MEMORY - DAY], "least": [3, 5, 10]}

    def score(self, n, k, before_n, before_k, known):
        p = (before_k + 0.5) / (before_n + 1.0)
        return (k - n * p) / math.sqrt(n * p * (1.0 - p))


class BetaBinomial(Windowed):
    name = "windowed beta-binomial"
    source = "Gelman et al., Bayesian Data Analysis, ch. 2: tail of the posterior predictive; weight bounds the prior's size"
    grid = {"window": [HOUR, 3 * HOUR, 12 * HOUR, DAY], "history": [DAY, 7 * DAY, MEMORY - DAY], "weight": [50, 1e9]}

    def score(self, n, k, before_n, before_k, known):
        share = before_k / before_n
        weight = min(self.weight, before_n)
        return -math.log10(beta_binomial_tail(n, round(k), share * weight + 0.5, (1.0 - share) * weight + 0.5))


def beta_binomial_tail(n, k, a, b):
    """P(K >= k) of n."""
    if k <= n * a / (a + b):
        return 1.0  # not a rise
    lgamma = math.lgamma
    term = math.exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + lgamma(k + a) + lgamma(n - k + b) - lgamma(n + a + b)
                    + lgamma(a + b) - lgamma(a) - lgamma(b))
    total = term
    for j in range(k, n):
        term *= (n - j) / (j + 1.0) * (a + j) / (b + n - j - 1.0)
        total += term
        if term < 1e-6 * total:
            break
    return min(1.0, max(total, 1e-300))


class NegativeCountRatio(Windowed):
    name = "negative-count ratio"
    source = "the rule of thumb of social listening tools: negatives now over their mean of the days before"
    grid = {"window": [HOUR, 3 * HOUR, 12 * HOUR, DAY], "history": [DAY, 7 * DAY, MEMORY - DAY], "smooth": [0.5, 2.0]}

    def score(self, n, k, before_n, before_k, known):
        usual = before_k * self.window / max(known, DAY)
        return (k + self.smooth) / (usual + self.smooth)


class ScanStatistic(Rival):
    """The largest likelihood ratio over windows that end now."""

    name = "scan statistic"
    source = "Kulldorff 1997 and 2001 (prospective): Poisson; usual = messages or time times the rate of the history"
    grid = {"longest": [3 * HOUR, 12 * HOUR, DAY], "history": [DAY, 7 * DAY, MEMORY - DAY], "by": ["messages", "time"]}
    windows = (3, 6, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY)

    def scores(self, series, first):
        windows = [window for window in self.windows if window <= self.longest]
        for i in range(first, len(series.bins)):
            bin_ = series.bins[i]
            since = bin_ - self.longest
            before_n, before_k = series.between(series.after(since - self.history), series.after(since))
            if before_n < 10:
                continue
            known = max(DAY, min(self.history, since - series.begin))
            score = 0.0
            for window in windows:
                n, k = series.between(series.after(bin_ - window), i + 1)
                usual = (before_k + 0.5) * (n / (before_n + 1.0) if self.by == "messages" else window / known)
                if k > usual:
                    score = max(score, k * math.log(k / usual) - (k - usual))
            if score > 0.0:
                yield bin_, score


class PageHinkley(Rival):
    """Alarms where the sum of what each message is above the mean, less delta, reaches lambda; then from 0 again.

    The mean is kept at an alarm (libraries forget it), so that the next rise need not wait until it is learnt. lambda_ is
    a setting here: the sum starts anew at each alarm, so a score of 1 is an alarm and there is no other score.
    """

    name = "Page-Hinkley"
    source = "Page 1954, Hinkley 1971; Gama et al. 2013; as in the library River (alpha, min_instances 30)"
    grid = {"delta": [0.005, 0.05, 0.15], "lambda_": [round(1.4**i, 2) for i in range(1, 13)]}
    alpha = 0.9999

    def scores(self, series, first):
        total = mean = seen = 0.0
        for i, (bin_, n, k) in enumerate(zip(series.bins, series.n, series.k)):
            seen += n
            mean += (k / n - mean) * n / min(seen, 1.0 / (1.0 - self.alpha))
            total = max(0.0, total * self.alpha**n + k - n * (mean + self.delta))
            if seen >= 30 and total >= self.lambda_:
                total = 0.0
                if i >= first:
                    yield bin_, 1.0


class Levels:
    """A gauge as Prometheus would sample it every five minutes, for the last `window`; absent without `least` messages."""

    def __init__(self, series, window, least, of, since):
        self.at, self.x = [], []
        bins = series.bins
        low = bisect.bisect_left(bins, since)
        for i in range(low, len(bins)):
            until = bins[i] + window if i + 1 == len(bins) else min(bins[i] + window, bins[i + 1])
            for bin_ in range(bins[i], until):
                j = bisect.bisect_right(bins, bin_ - window, 0, i + 1)
                n = series.sum_n[i + 1] - series.sum_n[j]
                if n >= least:
                    k = series.sum_k[i + 1] - series.sum_k[j]
                    self.at.append(bin_)
                    self.x.append(k / n if of == "share" else k)

    def around(self, i, width, offset=0):
        """Range of samples in the `width` that ended `offset` before sample i."""
        at = self.at[i] - offset
        high = bisect.bisect_right(self.at, at, max(0, i - offset), i + 1) if offset else i + 1
        return bisect.bisect_right(self.at, at - width, max(0, high - width), high), high


class Moments:
    """Mean and standard deviation of any range, by sums."""

    def __init__(self, values):
        self.sum = list(itertools.accumulate(values, initial=0.0))
        self.squares = list(itertools.accumulate((v * v for v in values), initial=0.0))

    def of(self, low, high):
        n = high - low
        mean = (self.sum[high] - self.sum[low]) / n
        return mean, math.sqrt(max(0.0, (self.squares[high] - self.squares[low]) / n - mean * mean))


class Bands(Rival):
    """Fires where the gauge is above every band for two samples together ("for: 5m"); the multiplier is the threshold.

    The margin, a least width of the bands, is left out: it could only silence them. A gauge of fewer than five messages
    is absent, as sparse series are there.
    """

    least = 5

    def scores(self, series, first):
        if first >= len(series.bins):
            return
        since = max(series.bins[first] - 8 * DAY, series.bins[0])
        levels = Levels(series, self.window, self.least, self.of, since)
        start = bisect.bisect_left(levels.at, series.bins[first])
        before, before_at = -1.0, None
        for i, score in self.heights(levels, start):
            if levels.at[i] - 1 == before_at and min(score, before) > 0.0:
                yield levels.at[i], min(score, before)
            before, before_at = score, levels.at[i]

    def heights(self, levels, start):
        raise NotImplementedError


class GrafanaAdaptive(Bands):
    name = "Grafana's adaptive bands"
    source = "grafana/promql-anomaly-detection, rules/adaptive.yml (7ed6390)"
    grid = {"window": [HOUR, 6 * HOUR], "of": ["share", "negatives"], "covariation": [0.1, 0.5]}

    def heights(self, levels, start):
        moments = Moments(levels.x)
        rough = []  # deviations of an hour, of which only large ones are smoothed over 26 hours
        for i in range(len(levels.x)):
            mean, deviation = moments.of(*levels.around(i, HOUR))
            rough.append((mean, deviation if deviation > self.covariation * mean else 0.0))
        kept = list(itertools.accumulate((d for _, d in rough), initial=0.0))
        n_kept = list(itertools.accumulate((d > 0.0 for _, d in rough), initial=0))
        for i in range(start, len(levels.x)):
            mean, x = rough[i][0], levels.x[i]
            low, high = levels.around(i, 26 * HOUR)
            bands = []
            if n_kept[high] > n_kept[low]:
                bands.append((mean, (kept[high] - kept[low]) / (n_kept[high] - n_kept[low])))
            for offset in (DAY - 6, 7 * DAY - 6):
                low, high = levels.around(i, HOUR, offset)
                if high > low:
                    bands.append(moments.of(low, high))
            if bands:
                yield i, min((x - middle) / max(width, 0.001) for middle, width in bands)


class Median:
    """Of the samples that were put in and not yet taken out."""

    def __init__(self, values):
        self.values = sorted(values)

    def put(self, value):
        bisect.insort(self.values, value)

    def take(self, value):
        del self.values[bisect.bisect_left(self.values, value)]

    def value(self):
        n = len(self.values)
        return (self.values[(n - 1) // 2] + self.values[n // 2]) / 2.0


def rolling_medians(levels, values, width, first):
    """Medians over `width` before each sample from number first on; None before."""
    out = [None] * first
    if first >= len(values):
        return out
    low, _ = levels.around(first, width)
    median = Median(v for v in values[low:first] if v is not None)
    for i in range(first, len(values)):
        median.put(values[i])
        while levels.at[low] <= levels.at[i] - width:
            if values[low] is not None:
                median.take(values[low])
            low += 1
        out.append(median.value())
    return out


class GrafanaRobust(Bands):
    name = "Grafana's robust bands"
    source = "grafana/promql-anomaly-detection, rules/robust.yml (9031acf)"
    grid = {"window": [HOUR, 6 * HOUR], "of": ["share", "negatives"]}

    def heights(self, levels, start):
        if start >= len(levels.x):
            return
        middle_from = bisect.bisect_left(levels.at, levels.at[start] - DAY)
        middles = rolling_medians(levels, levels.x, DAY, middle_from)
        away = [None] * middle_from + [abs(levels.x[i] - middles[i]) for i in range(middle_from, len(levels.x))]
        widths = rolling_medians(levels, away, DAY, start)
        hours = rolling_medians(levels, levels.x, HOUR, start)
        for i in range(start, len(levels.x)):
            bands = [(middles[i], widths[i])]
            for offset in (DAY - 3, 7 * DAY - 3):
                low, high = levels.around(i, HOUR, offset)
                if high > low:
                    then = statistics.median(levels.x[low:high])
                    bands.append((then, statistics.median(abs(x - then) for x in levels.x[low:high])))
            yield i, min((hours[i] - middle) / max(width, 0.001) for middle, width in bands)


RIVALS = (GrafanaAdaptive, GrafanaRobust, BetaBinomial, PChart, NegativeCountRatio, PageHinkley, ScanStatistic)
