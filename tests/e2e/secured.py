"""A broker that asks who is there: listeners with TLS and SASL, users, certificates, and an authorizer with its ACLs.

Beside them its port in the clear stays open for the test's own tools, whose user (ANONYMOUS) may do everything. ACLs are
made in the words of Kafka's protocol: librdkafka 2.0 has none for transactional ids."""

import socket
import struct
import subprocess

from broker import Kafka
from fixture import check, free_ports

USER, PASSWORD = "gs", "secret"
LOGIN = {"PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule required user_{user}=\"{password}\";",
         "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule required;"}
# Each with TLS and SASL, but the last: what is wrong with its certificate.
LISTENERS = ["GOOD", "EXPIRED", "ELSEWHERE", "OPEN"]

SECURITY = """\
advertised.listeners={listeners}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,{protocols}
sasl.enabled.mechanisms={mechanism}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
"""
LISTENER = """\
listener.name.{name}.sasl.enabled.mechanisms={mechanism}
listener.name.{name}.{lower}.sasl.jaas.config={login}
"""
KEYSTORE = """\
listener.name.{name}.ssl.keystore.type=PEM
listener.name.{name}.ssl.keystore.location={pem}
"""


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """Signs certificates; its own is what clients trust."""

    def __init__(self, scratch, name):
        self.scratch, self.name = scratch, name
        self.key, self.ca = scratch / f"{name}-key.pem", scratch / f"{name}.pem"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", f"/CN={name}", "-keyout", self.key,
                "-out", self.ca)

    def sign(self, name, days=2, address="IP:127.0.0.1"):
        """The key and certificate of a server, in one file."""
        key, request, extension, pem = (self.scratch / f"{name}.{end}" for end in ("key", "csr", "ext", "both"))
        extension.write_text(f"subjectAltName={address}\n")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.key, "-CAcreateserial", "-days", days,
                "-extfile", extension, "-out", pem)
        pem.write_text(key.read_text() + pem.read_text())
        return pem


class SecuredKafka(Kafka):
    """ports: of each of LISTENERS. properties(): what a client needs for the good one."""

    def __init__(self, scratch, version, mechanism):
        scram = f"{mechanism}=[name={USER},password={PASSWORD}]" if mechanism.startswith("SCRAM") else None
        super().__init__(scratch, version, scram=scram)
        self.mechanism = mechanism
        self.authority, self.foreign = Authority(scratch, "authority"), Authority(scratch, "foreign")
        self.ports = dict(zip(LISTENERS, free_ports(len(LISTENERS))))
        certificates = {"GOOD": self.authority.sign("good"), "EXPIRED": self.authority.sign("expired", days=-1),
                        "ELSEWHERE": self.authority.sign("elsewhere", address="DNS:elsewhere.invalid")}
        path = self.home / "server.properties"
        plain = f"PLAINTEXT://{self.address}"
        listeners = ",".join([plain] + [f"{name}://127.0.0.1:{port}" for name, port in self.ports.items()])
        protocols = ",".join(f"{name}:{'SASL_SSL' if name in certificates else 'SASL_PLAINTEXT'}" for name in self.ports)
        text = path.read_text().replace(f"\nlisteners={plain},", f"\nlisteners={listeners},") + SECURITY.format(
            listeners=listeners, protocols=protocols, mechanism=mechanism)
        login = LOGIN[mechanism].format(user=USER, password=PASSWORD)
        for name in self.ports:
            text += LISTENER.format(name=name.lower(), mechanism=mechanism, lower=mechanism.lower(), login=login)
            if name in certificates:
                text += KEYSTORE.format(name=name.lower(), pem=certificates[name])
        path.write_text(text)

    def secured_address(self, listener="GOOD"):
        return f"127.0.0.1:{self.ports[listener]}"

    def properties(self, **more):
        """For kafka.properties; more with _ for the dots, None leaves one out."""
        all_of_them = {"security.protocol": "sasl_ssl", "sasl.mechanism": self.mechanism, "sasl.username": USER,
                       "sasl.password": PASSWORD, "ssl.ca.location": str(self.authority.ca)}
        all_of_them.update({name.replace("_", "."): value for name, value in more.items()})
        return {name: value for name, value in all_of_them.items() if value is not None}

    def allow(self, acl):
        self.change_acls(30, acl)

    def forbid(self, acl):
        self.change_acls(31, acl)

    def change_acls(self, api, acl):
        """CreateAcls or DeleteAcls, version 1."""
        resource, name, pattern, operation = acl
        body = (struct.pack(">ib", 1, RESOURCES[resource]) + text(name) + struct.pack(">b", PATTERNS[pattern]) +
                text(f"User:{USER}") + text("*") + struct.pack(">bb", OPERATIONS[operation], ALLOW))
        answer = ask((self.address.split(":")[0], self.port), struct.pack(">hhi", api, 1, 7) + text("test") + body)
        n, code = struct.unpack(">ih", answer[8:14])  # behind the correlation id and the time throttled
        check((n, code) == (1, 0), f"the ACL {acl}: {answer}")


# Numbers of Kafka's protocol (ResourceType, PatternType, AclOperation, AclPermissionType).
RESOURCES = {"topic": 2, "group": 3, "transactional id": 5}
PATTERNS = {"literal": 3, "prefixed": 4}
OPERATIONS = {"READ": 3, "WRITE": 4, "DESCRIBE_CONFIGS": 10}
ALLOW = 3


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


def ask(address, request):
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        reader = connection.makefile("rb")
        return reader.read(*struct.unpack(">i", reader.read(4)))
