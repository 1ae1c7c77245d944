"""Requests as bytes that two programs may read in two ways, or that are no HTTP/1.1 at all."""

HOST = b"host: molora\r\n"
GET = b"GET /a HTTP/1.1\r\n" + HOST
POST = b"POST /a HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"
THREE = b"3\r\nabc\r\n0\r\n\r\n"

HEADS = {
    # how long the body is
    "length and chunks": POST + b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n" + THREE,
    "chunks and length": POST + b"transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n" + THREE,
    "two lengths": POST + b"content-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
    "a length twice": POST + b"content-length: 3\r\ncontent-length: 3\r\n\r\nabc",
    "a list of lengths": POST + b"content-length: 3, 3\r\n\r\nabc",
    "a length with a sign": POST + b"content-length: +3\r\n\r\nabc",
    "a negative length": POST + b"content-length: -3\r\n\r\nabc",
    "a hexadecimal length": POST + b"content-length: 0x3\r\n\r\nabc",
    "no digit in a length": POST + b"content-length: \r\n\r\nabc",
    "two numbers in a length": POST + b"content-length: 3 3\r\n\r\nabc",
    "a length over 64 bits": POST + b"content-length: 18446744073709551619\r\n\r\nabc",
    "a coding before chunks": POST + b"transfer-encoding: gzip, chunked\r\n\r\n" + THREE,
    "a coding after chunks": POST + b"transfer-encoding: chunked, gzip\r\n\r\n" + THREE,
    "chunks in chunks": POST + b"transfer-encoding: chunked, chunked\r\n\r\n" + THREE,
    "chunks twice": POST + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n" + THREE,
    "chunks and identity": POST + b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n" + THREE,
    "identity": POST + b"transfer-encoding: identity\r\n\r\n" + THREE,
    "an unknown coding": POST + b"transfer-encoding: xchunked\r\n\r\n" + THREE,
    "a vertical tab before chunked": POST + b"transfer-encoding: \x0bchunked\r\n\r\n" + THREE,
    "no coding named": POST + b"transfer-encoding: \r\ncontent-length: 3\r\n\r\nabc",
    "chunks in HTTP/1.0": b"POST /a HTTP/1.0\r\n" + HOST + b"transfer-encoding: chunked\r\n\r\n" + THREE,
    # where a line or a field ends
    "a folded field": GET + b"x: a\r\n b\r\n\r\n",
    "a folded coding": POST + b"transfer-encoding:\r\n chunked\r\n\r\n" + THREE,
    "a folded first field": b"GET /a HTTP/1.1\r\n x: a\r\n" + HOST + b"\r\n",
    "line feeds alone": b"GET /a HTTP/1.1\nhost: molora\n\n",
    "a line feed after the request": b"GET /a HTTP/1.1\n" + HOST + b"\r\n",
    "a line feed after a field": GET + b"x: a\ny: b\r\n\r\n",
    "a line feed after the head": GET + b"\n",
    "a carriage return after a field": GET + b"x: a\ry: b\r\n\r\n",
    "two carriage returns after the head": GET + b"\r\r\n",
    "NUL in a field": GET + b"x: a\x00b\r\n\r\n",
    "a control character in a field": GET + b"x: a\x01b\r\n\r\n",
    "delete in a field": GET + b"x: a\x7fb\r\n\r\n",
    "NUL in a name": GET + b"x\x00: a\r\n\r\n",
    "no ASCII in a name": GET + b"x\xff: a\r\n\r\n",
    "a space before the colon": GET + b"x : a\r\n\r\n",
    "a tab before the colon": GET + b"x\t: a\r\n\r\n",
    "a space in a name": GET + b"x y: a\r\n\r\n",
    "no colon": GET + b"xyz\r\n\r\n",
    "no name": GET + b": a\r\n\r\n",
    # who and what is asked
    "no host": b"GET /a HTTP/1.1\r\n\r\n",
    "two hosts": GET + HOST + b"\r\n",
    "two hosts in HTTP/1.0": b"GET /a HTTP/1.0\r\n" + HOST + HOST + b"\r\n",
    "a whole URL": b"GET http://molora/a HTTP/1.1\r\n" + HOST + b"\r\n",
    "a host alone": b"GET http://molora HTTP/1.1\r\n" + HOST + b"\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "no slash": b"GET a HTTP/1.1\r\n" + HOST + b"\r\n",
    "a fragment": b"GET /a#b HTTP/1.1\r\n" + HOST + b"\r\n",
    "a space in the target": b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n",
    "NUL in the target": b"GET /a\x00 HTTP/1.1\r\n" + HOST + b"\r\n",
    "no ASCII in the target": b"GET /a\xff HTTP/1.1\r\n" + HOST + b"\r\n",
    "CONNECT": b"CONNECT molora:80 HTTP/1.1\r\n" + HOST + b"\r\n",
    "CONNECT to a path": b"CONNECT /a HTTP/1.1\r\n" + HOST + b"\r\n",
    "an unknown method": b"BREW /a HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method in lower case": b"get /a HTTP/1.1\r\n" + HOST + b"\r\n",
    # another protocol
    "no version": b"GET /a\r\n\r\n",
    "HTTP/0.9": b"GET /a HTTP/0.9\r\n" + HOST + b"\r\n",
    "HTTP/1.2": b"GET /a HTTP/1.2\r\n" + HOST + b"\r\n",
    "HTTP/2.0": b"GET /a HTTP/2.0\r\n" + HOST + b"\r\n",
    "HTTP/1.10": b"GET /a HTTP/1.10\r\n" + HOST + b"\r\n",
    "http in lower case": b"GET /a http/1.1\r\n" + HOST + b"\r\n",
    "HTTP/2's preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    "TLS": bytes.fromhex("16030100a5010000a10303") + bytes(154),
    # too much
    "a long field": GET + b"x: " + b"a" * 70_000 + b"\r\n\r\n",
    "a long target": b"GET /" + b"a" * 65_000 + b" HTTP/1.1\r\n" + HOST + b"x: " + b"a" * 1000 + b"\r\n\r\n",
    "many fields": GET + b"a:\r\n" * 1000 + b"\r\n",
}
"""None of them may come to the application."""

BODIES = {
    "no digit in a chunk's size": CHUNKED + b"g\r\nabc\r\n0\r\n\r\n",
    "no size": CHUNKED + b"\r\nabc\r\n0\r\n\r\n",
    "a negative size": CHUNKED + b"-3\r\nabc\r\n0\r\n\r\n",
    "a size with a prefix": CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n",
    "a size over 64 bits": CHUNKED + b"10000000000000003\r\nabc\r\n0\r\n\r\n",
    "a space after a size": CHUNKED + b"3 \r\nabc\r\n0\r\n\r\n",
    "a line feed after a size": CHUNKED + b"3\nabc\r\n0\r\n\r\n",
    "a line feed after a chunk": CHUNKED + b"3\r\nabc\n0\r\n\r\n",
    "nothing after a chunk": CHUNKED + b"3\r\nabc0\r\n\r\n",
    "more than a chunk": CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n",
    "a line feed in an extension": CHUNKED + b"3;a\nb\r\nabc\r\n0\r\n\r\n",
    "NUL in an extension": CHUNKED + b"3;\x00\r\nabc\r\n0\r\n\r\n",
    "line feeds at the end": CHUNKED + b"3\r\nabc\r\n0\n\n",
    "a broken trailer": CHUNKED + b"3\r\nabc\r\n0\r\nx y: z\r\n\r\n",
    "a length as a trailer": CHUNKED + b"3\r\nabc\r\n0\r\ncontent-length: 5\r\n\r\n",
    "a coding as a trailer": CHUNKED + b"3\r\nabc\r\n0\r\ntransfer-encoding: gzip\r\n\r\n",
}
"""None of them may come to the application whole."""

WITHOUT_END = {
    "a target": (b"GET /", b"a"),
    "a field": (GET + b"x: ", b"a"),
    "fields": (GET, b"x: a\r\n"),
    "empty lines": (b"", b"\r\n"),
    "a chunk's size": (CHUNKED, b"0"),
    "a chunk's extension": (CHUNKED + b"3\r\nabc\r\n3;", b"a"),
    "a trailer": (CHUNKED + b"3\r\nabc\r\n0\r\nx: ", b"a"),
    "trailers": (CHUNKED + b"3\r\nabc\r\n0\r\n", b"x: a\r\n"),
}
"""How it begins, and what then comes again and again."""

PLAIN = {
    "HTTP/1.0 without a host": (b"GET /a HTTP/1.0\r\n\r\n", b""),
    "text beyond ASCII in a field": (GET + b"x: \xe4\tb\r\n\r\n", b""),
    "empty lines before": (b"\r\n\r\n" + GET + b"\r\n", b""),
    "a head of 60,000 bytes": (GET + b"x: " + b"a" * 60_000 + b"\r\n\r\n", b""),
    "a length": (POST + b"content-length: 3\r\n\r\nabc", b"abc"),
    "a long body": (POST + b"content-length: 1000000\r\n\r\n" + b"a" * 1_000_000, b"a" * 1_000_000),
    "chunks": (CHUNKED + b"1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n", b"abc"),
    "chunks in capitals": (POST + b"transfer-encoding: Chunked\r\n\r\n" + THREE, b"abc"),
    "a trailer": (CHUNKED + b"3\r\nabc\r\n0\r\nx: y\r\n\r\n", b"abc"),
}
"""With the body that comes to the application."""
