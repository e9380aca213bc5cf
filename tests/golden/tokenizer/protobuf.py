"""As much of protocol buffers as it takes to find a map in a model of sentencepiece."""


def field(message, wanted):
    """A length-delimited field of a protocol buffer."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 2:
            n = varint()
            if key >> 3 == wanted:
                return message[at:at + n]
            at += n
        elif key & 7 == 0:
            varint()
        else:
            at += 8 if key & 7 == 1 else 4
    raise ValueError(f"no field {wanted}")
