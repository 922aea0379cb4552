"""A throw-away ClickHouse server from Debian's package, on loopback and free ports, stopped by its pid."""
import os
import shutil
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

from wellfield import Skip, free_port

CONFIG = """<yandex>
<logger><level>warning</level><log>{d}/log</log><errorlog>{d}/err</errorlog></logger>
<http_port>{http}</http_port><tcp_port>{tcp}</tcp_port><interserver_http_port>{inter}</interserver_http_port>
<listen_host>127.0.0.1</listen_host><max_concurrent_queries>16</max_concurrent_queries>
<path>{d}/data/</path><tmp_path>{d}/tmp/</tmp_path><mark_cache_size>67108864</mark_cache_size>
<users_config>{d}/users.xml</users_config><default_profile>default</default_profile>
<default_database>default</default_database><timezone>UTC</timezone></yandex>"""
USERS = """<yandex><profiles><default><max_threads>2</max_threads></default></profiles>
<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>
<quota>default</quota></default></users><quotas><default/></quotas></yandex>"""


class ClickHouse:
    def __init__(self):
        binary = shutil.which("clickhouse-server") or shutil.which("clickhouse")
        if not binary:
            raise Skip("clickhouse-server is not installed")
        self.dir = tempfile.mkdtemp(prefix="wellfield-clickhouse-")
        self.port, self.tcp = free_port(), free_port()
        for name in ("data", "tmp"):
            os.mkdir(os.path.join(self.dir, name))
        with open(os.path.join(self.dir, "config.xml"), "w") as f:
            f.write(CONFIG.format(d=self.dir, http=self.port, tcp=self.tcp, inter=free_port()))
        with open(os.path.join(self.dir, "users.xml"), "w") as f:
            f.write(USERS)
        command = [binary] + ([] if binary.endswith("-server") else ["server"]) + [f"--config-file={self.dir}/config.xml"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.dir)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.query("SELECT 1")
                return
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    self.close()
                    raise AssertionError("clickhouse-server does not start")
                time.sleep(0.1)

    def query(self, sql, data=None):
        """Rows as lists of strings; with 'data' (bytes) an INSERT."""
        url = f"http://127.0.0.1:{self.port}/?" + (urllib.parse.urlencode({"query": sql}) if data is not None else "")
        body = data if data is not None else (sql + " FORMAT TabSeparated" if sql.lstrip()[:6].upper() == "SELECT" else sql).encode()
        with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=120) as r:
            return [line.split("\t") for line in r.read().decode().splitlines()]

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)
