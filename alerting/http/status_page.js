/* Fills the status page from /api/v1/status every five seconds (http.h says what is in it).
 *
 * Every member may be absent: an older or newer server must not empty the page. What comes from a
 * message is set as text, never as HTML, and a link is one only when it goes to http or https. */
'use strict';

const REFRESH_MS = 5000;
const byId = (id) => document.getElementById(id);
const list = (value) => (Array.isArray(value) ? value : []);
const known = (value) => value !== null && value !== undefined && value !== '';
const show = (value) => (known(value) ? String(value) : '–');
const count = (value) => (typeof value === 'number' ? Math.round(value).toLocaleString('en') : '–');
const percent = (value) => (typeof value === 'number' ? Math.round(100 * value) + ' %' : '–');
const decimals = (value, n) => (typeof value === 'number' ? value.toFixed(n) : '–');

/* "2026-11-21T09:30:00.000Z" as "2026-11-21 09:30 UTC". */
function time(value) {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/.exec(show(value));
  return parts ? parts[1] + ' ' + parts[2] + ' UTC' : show(value);
}

function element(name, text, className) {
  const node = document.createElement(name);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
}

/* A key, which may be broken behind its signs: on a phone "entity:PELLAMERE.DEMO" takes two lines. */
function broken(name, text, className) {
  const node = element(name, undefined, className);
  for (const part of text.split(/(?<=[:/._-])/)) node.append(part, element('wbr'));
  return node;
}

function linked(text, url) {
  if (typeof url !== 'string' || !/^https?:\/\//i.test(url)) return document.createTextNode(text);
  const link = element('a', text);
  link.href = url;
  link.rel = 'noopener noreferrer nofollow';
  return link;
}

/* ---- alerts ---- */

function story(item, name, className) {
  const line = element(name, undefined, className);
  line.append(linked(show(item.text), item.url));
  line.append(element('small', ' — ' + show(item.source) + ', ' + time(item.ts), 'quiet'));
  return line;
}

const opened = new Set(); /* ids of what is unfolded: a refresh keeps it so */

/* What can be folded away keeps as it is over a refresh, by the id that it is remembered by. */
function folded(id, title, content) {
  const more = element('details');
  more.dataset.id = id;
  more.open = opened.has(id);
  more.addEventListener('toggle', () => (more.open ? opened.add(id) : opened.delete(id)));
  more.append(element('summary', title), content);
  return more;
}

/* The stories behind the first, folded away until asked for. */
function otherStories(alert, items) {
  const rest = element('ol');
  rest.start = 2;
  rest.append(...items.map((item) => story(item, 'li')));
  return folded(show(alert.id), items.length === 1 ? '1 more story' : items.length + ' more stories', rest);
}

/* Of a risk event nothing is usual, and no share is judged: "risk:default@0700.HK" is about the risk. */
const riskOf = (key) => (/^risk:([^@]+)@/.exec(show(key)) || [])[1];

function shareOf(numbers) {
  const usual = numbers.expected > 0 ? ' where ' + percent(numbers.expected) + ' are usual' : '';
  return percent(numbers.observed) + ' of ' + count(numbers.n) + ' messages are negative' + usual;
}

/* What the numbers of an incident's key say. */
function sayOf(key, numbers) {
  const risk = riskOf(key.key);
  return risk === undefined ? shareOf(numbers) :
    risk + ': ' + count(numbers.stories) + ' stories from ' + count(numbers.publishers) + ' publishers in the last hour';
}

function alertCard(alert) {
  const severity = ['info', 'warning', 'critical'].includes(alert.severity) ? alert.severity : 'info';
  const card = element('article', undefined, severity);
  const stories = list(alert.evidence);
  card.append(element('span', show(alert.severity), 'badge'));
  card.append(known(alert.name) ? element('h3', alert.name) : broken('h3', show(alert.key)));
  if (known(alert.name)) card.append(broken('p', show(alert.key), 'quiet'));
  if (stories.length > 0) card.append(story(stories[0], 'p', 'headline'));
  card.append(element('p', alert.rule === 'risk_event' ? show(alert.reason) : shareOf(alert)));
  card.append(element('p', count(alert.stories) + ' stories from ' + count(alert.publishers) +
    ' publishers; ' + (alert.rule === 'risk_event' ? '' : 'evidence 10^' + decimals(alert.log10_evidence, 1) + '; ') + 'since ' +
    time(alert.starts_at) + ', last change ' + time(alert.updated_at || alert.fired_at), 'quiet'));
  if (stories.length > 1) card.append(otherStories(alert, stories.slice(1)));
  return card;
}

/* ---- incidents ---- */

const gravity = (severity) => (['info', 'warning', 'critical'].includes(severity) ? severity : 'info');

/* A key of an incident in one line: who, how bad, and whether its alert is over. */
function keyLine(key) {
  const now = key.now || {};
  const peak = key.peak || {};
  const line = element('li');
  line.append(known(key.name) ? element('strong', key.name) : broken('strong', show(key.key)));
  line.append(' ' + sayOf(key, now) + '; at its height ' + (riskOf(key.key) === undefined ? percent(peak.observed) :
    count(peak.stories)) + ', ' + time(peak.at));
  line.append(element('small', ' — ' + show(key.severity) + ', ' + (key.state === 'resolved' ? 'over since ' +
    time(key.ends_at) : 'since ' + time(key.starts_at)), 'quiet'));
  return line;
}

/* What people have answered to an incident, a line each. */
function answers(incident) {
  const lines = [];
  const ack = incident.acknowledged;
  const mute = incident.muted;
  if (ack) {
    lines.push('acknowledged by ' + show(ack.by) + ', ' + time(ack.at) +
      (known(ack.verdict) ? ': ' + ack.verdict : ''));
  }
  if (mute) {
    lines.push('muted by ' + show(mute.by) + ' ' + (known(mute.until) ? 'until ' + time(mute.until) :
      'as long as it lasts') + (mute.target === incident.id ? '' : ' (' + show(mute.target) + ')') +
      ': ' + show(mute.why));
  }
  return lines.map((line) => element('p', line, 'answer'));
}

/* The alerts that are on, as cards inside the incident's. */
function incidentCard(incident, alerts) {
  const keys = list(incident.keys);
  const lead = keys[incident.lead] || keys[0] || {};
  const now = lead.now || {};
  const card = element('article', undefined, gravity(incident.severity) + (incident.muted ? ' muted' : ''));
  card.id = 'incident-' + show(incident.id); /* what people are told links to it */
  const lines = element('ul');
  const inside = element('div');
  card.append(element('span', show(incident.severity) + ', ' + show(incident.state), 'badge'));
  card.append(element('h3', show(incident.title)));
  card.append(...answers(incident));
  if (lead.story) card.append(story(lead.story, 'p', 'headline'));
  card.append(element('p', sayOf(lead, now)));
  card.append(element('p', count(now.stories) + ' stories from ' + count(now.publishers) + ' publishers; since ' +
    time(incident.starts_at) + ', as of ' + time(now.at) + '; incident ' + show(incident.id), 'quiet'));
  lines.append(...keys.map(keyLine));
  if (incident.keys_left_out > 0) lines.append(element('li', 'and ' + count(incident.keys_left_out) + ' more', 'quiet'));
  card.append(lines);
  inside.append(...alerts.sort(byGravity).map(alertCard));
  if (alerts.length > 0) {
    card.append(folded('in ' + show(incident.id), alerts.length === 1 ? '1 alert' : alerts.length + ' alerts', inside));
  }
  return card;
}

/* The card that the address names comes after the page: shown once, when it is there. */
let wanted = location.hash.slice(1);
function showWanted() {
  const card = wanted && document.getElementById(wanted);
  if (card) {
    card.scrollIntoView();
    wanted = '';
  }
}

function drawIncidents(incidents, alerts) {
  const owner = new Map();
  for (const incident of incidents) for (const key of list(incident.keys)) owner.set(key.alert, incident.id);
  const inside = (incident) => alerts.filter((alert) => owner.get(alert.id) === incident.id);
  const others = alerts.filter((alert) => !owner.has(alert.id));
  byId('incidents').replaceChildren(...(incidents.length ? incidents.map((one) => incidentCard(one, inside(one)))
    : [element('p', 'None.', 'quiet')]));
  showWanted();
  byId('others').hidden = others.length === 0;
  byId('alerts').replaceChildren(...others.map(alertCard));
}

const ranks = {critical: 2, warning: 1, info: 0};
const byGravity = (a, b) => (ranks[b.severity] || 0) - (ranks[a.severity] || 0) ||
  String(b.starts_at).localeCompare(String(a.starts_at));

/* ---- keys and lanes ---- */

function row(first, cells, className) {
  const line = element('tr', undefined, className);
  line.append(first, ...cells);
  return line;
}

function keyCell(key) {
  const cell = known(key.name) ? element('td', key.name) : broken('td', show(key.key));
  if (known(key.name)) cell.append(broken('small', show(key.key)));
  if (key.firing) cell.append(element('small', 'alert firing', 'state'));
  else if (key.detectable === false) cell.append(element('small', 'too few messages to tell'));
  return cell;
}

function keyRow(key) {
  return row(keyCell(key), [element('td', count(key.messages), 'spare'),
    element('td', count(key.n_hour)), element('td', percent(key.observed)),
    element('td', percent(key.expected)), element('td', decimals(key.log10_evidence, 1))],
  key.firing ? 'firing' : '');
}

const byNews = (a, b) => Number(b.firing) - Number(a.firing) ||
  b.log10_evidence - a.log10_evidence || String(a.key).localeCompare(String(b.key));

function laneRow(lane) {
  const state = lane.failed ? 'stopped' : lane.assigned === false ? 'waits for partitions' : 'runs';
  return row(element('td', show(lane.stage) + ' ' + show(lane.lane)),
    [element('td', lane.lag < 0 ? 'unknown' : count(lane.lag)), element('td', time(lane.last_progress)),
      element('td', state, lane.failed ? 'stopped' : '')]);
}

/* ---- the page ---- */

function about(status) {
  const totals = status.totals || {};
  const model = status.model || {};
  return 'Version ' + show(status.version) + ', model ' + show(model.name) + ' ' + show(model.version) +
    ', up since ' + time(status.started) + '. ' + count(totals.consumed) + ' records read, ' +
    count(totals.tagged) + ' tagged, ' + count(totals.rejected) + ' rejected, ' +
    count(totals.alerts) + ' changes of alerts; event time ' + time(status.watermark) + '.';
}

function draw(status) {
  const alerts = list(status.alerts).sort(byGravity);
  byId('about').textContent = about(status);
  const incidents = list(status.incidents).sort(byGravity);
  drawIncidents(incidents, alerts);
  byId('keys').replaceChildren(...list(status.keys).sort(byNews).map(keyRow));
  byId('lanes').replaceChildren(...list(status.lanes).map(laneRow));
  document.title = (incidents.length ? '(' + incidents.length + ') ' : '') + 'Groundswell';
}

/* What went wrong stands above what was last known; both are worth reading. */
function trouble(text) {
  const line = byId('trouble');
  if (line.textContent !== text) line.textContent = text; /* said once by a screen reader */
  line.hidden = text === '';
}

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch('/api/v1/status', {cache: 'no-store'});
      if (!answer.ok) throw new Error('status ' + answer.status);
      draw(await answer.json());
      trouble('');
    } catch (error) {
      trouble('The server does not answer (' + error.message + '). What stands here may be old.');
    }
  }
  setTimeout(refresh, REFRESH_MS);
}
refresh();
