"""A small OpenID Connect issuer on this machine: it vouches for whom the test says."""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt

KEY = "a key that only this issuer has, long enough to sign with"


class Issuer:
    """Hands out a code for each log-in, a token for each code, once, to who began it."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.token: dict[str, Any] = {}  # claims of the ID token in place of the right ones
        self.asked: dict[str, str] = {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_given: Any) -> None:
                pass

            def do_GET(self) -> None:
                self._answer(issuer.answer(urlsplit(self.path).path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._answer(issuer.exchange({k: v[0] for k, v in parse_qs(body).items()}))

            def _answer(self, found: dict[str, Any]) -> None:
                body = json.dumps(found).encode()
                self.send_response(400 if "error" in found else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def settings(self, *domains: str) -> dict[str, Any]:
        """Return what SINGLE_SIGN_ON is with this issuer."""
        from intelbrief.log_in_settings import single_sign_on

        return single_sign_on(
            issuer=self.url, client_id="desk", secret="shh", name="Harbour ID", domains=domains
        )

    def vouch(self, email: str, *, sub: str = "42", verified: Any = True, **more: Any) -> None:
        """Say from now on that somebody with *email* has logged in."""
        self.claims = {"sub": sub, "email": email, "email_verified": verified, **more}
        self.userinfo, self.token = dict(self.claims), {}

    def answer(self, path: str) -> dict[str, Any]:
        """Return a document of discovery, the keys, or what is said of a person."""
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
        return {"keys": []} if path == "/keys" else self.userinfo

    def exchange(self, given: dict[str, str]) -> dict[str, Any]:
        """Return a token for the code of who shows the verifier and the secret."""
        digest = hashlib.sha256(given["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenge != self.asked["code_challenge"] or given["client_secret"] != "shh":
            return {"error": "invalid_grant"}
        claims = {
            "iss": self.url,
            "aud": "desk",
            "exp": int(time.time()) + 60,
            "iat": int(time.time()),
            "nonce": self.asked["nonce"],
            **self.claims,
            **self.token,
        }
        signed = jwt.encode(claims, KEY, algorithm="HS256")
        return {"access_token": "t", "token_type": "Bearer", "id_token": signed, "expires_in": 60}

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
