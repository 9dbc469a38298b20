//! In-memory files that are written while the command runs.

use super::*;
use crate::support::{project, succeeds};
use std::process::Command;

/// Prints what is in its file, at the start and on each SIGHUP, and what it may do with the file. Opens the
/// path each time.
const READER: &str = r#"
import fcntl, os, signal, sys
path = os.environ["FILE"]
def show(*_):
    print("has", open(path).read(), flush=True)
if "handler" in sys.argv: signal.signal(signal.SIGHUP, show)
signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b"got TERM\n"), os._exit(0)))
show()
number = int(path.rsplit("/", 1)[1])
mode = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE
print("mode", mode == os.O_RDONLY, "seals", fcntl.fcntl(number, fcntl.F_GET_SEALS) & 0xf, flush=True)
if "closes" in sys.argv: os.close(number)
while True: signal.pause()
"#;

fn put(stub: &Stub, value: &str) {
    stub.put(Parameter::secure("/org/file", value));
}

fn start(stub: &Stub, options: &str, words: &str) -> Watched {
    put(stub, "canary-one");
    let run = Run::against(&stub.url())
        .args("--file FILE=/org/file --settle 0s --watch 1s")
        .args(options);
    let run = spawn(run.args("-- python3 -c").arg(READER).args(words));
    assert_eq!(run.stdout.next(), "has canary-one");
    run
}

#[test]
fn a_running_command_gets_the_new_content_and_a_signal() {
    let stub = Stub::start();
    let run = start(&stub, "--on-file-change HUP", "handler");
    // F_SEAL_SEAL alone: nobody can seal it for the watcher.
    assert_eq!(run.stdout.next(), "mode True seals 1");
    for value in ["canary-longer-than-before", "canary-short", "canary-\u{e4}"] {
        put(&stub, value);
        let line = run.stderr.wait_for("sending SIGHUP");
        assert!(line.contains("/org/file"), "{line}");
        assert_eq!(run.stdout.next(), format!("has {value}"));
    }
    wait_for_polls(&stub, 3);
    assert_eq!(run.stop(), (vec!["got TERM".to_owned()], Vec::new()));
}

#[test]
fn a_file_is_sealed_where_it_is_not_written_again() {
    let stub = Stub::start();
    let run = start(&stub, "", "");
    assert_eq!(run.stdout.next(), "mode True seals 15");
    put(&stub, "canary-two");
    run.stderr.wait_for("sending SIGTERM");
    assert_eq!(run.finish().1, ["got TERM"]);
}

#[test]
fn where_a_file_cannot_be_written_the_command_is_started_anew() {
    for (words, reason) in [
        ("", "it has no handler for SIGHUP"),
        ("handler closes", "it no longer has the file of FILE"),
    ] {
        let stub = Stub::start();
        let run = start(&stub, "--on-file-change HUP", words);
        run.stdout.wait_for("seals 1");
        put(&stub, "canary-two");
        let line = run.stderr.wait_for("sending SIGTERM");
        assert!(line.contains(&format!("(only files, but {reason})")), "{line}");
        assert_eq!(run.finish().1, ["got TERM"], "{words}");
    }
}

#[test]
fn where_a_variable_has_changed_too_the_command_is_started_anew() {
    let stub = Stub::start();
    stub.put(Parameter::string("/org/variable", "one"));
    stub.put(Parameter::string("/org/generation", "1"));
    let run =
        start(&stub, "--on-file-change HUP -k /org/variable --trigger /org/generation", "handler");
    run.stdout.wait_for("seals 1");
    put(&stub, "canary-two");
    stub.put(Parameter::string("/org/variable", "two"));
    stub.put(Parameter::string("/org/generation", "2"));
    let line = run.stderr.wait_for("sending SIGTERM");
    assert!(!line.contains("only files"), "{line}");
    assert_eq!(run.finish().1, ["got TERM"]);
}

#[test]
fn hundreds_of_files_are_written_again() {
    let stub = Stub::start();
    let names: Vec<String> = (0..300).map(|n| format!("/org/many/f{n}")).collect();
    let put_all = |value: &str| {
        for name in &names {
            stub.put(Parameter::secure(name, value));
        }
    };
    put_all("canary-one");
    stub.put(Parameter::string("/org/generation", "1"));
    let files = names.iter().enumerate();
    let files: Vec<String> = files.map(|(n, name)| format!("--file F{n}={name}")).collect();
    let options = format!("--on-file-change HUP --trigger /org/generation {}", files.join(" "));
    let all = "import os
def values(): return {open(os.environ['F%d' % n]).read() for n in range(300)}";
    let program = READER
        .replace("path = ", &format!("{all}\npath = "))
        .replace("open(path).read()", "*values()");
    put(&stub, "canary-one");
    let run = Run::against(&stub.url()).args("--file FILE=/org/file --watch 1s");
    let run = spawn(run.args(&options).args("-- python3 -c").arg(program).arg("handler"));
    assert_eq!(run.stdout.next(), "has canary-one");
    put_all("canary-two");
    stub.put(Parameter::string("/org/generation", "2"));
    run.stderr.wait_for("sending SIGHUP");
    run.stdout.wait_for("has canary-two");
    assert_eq!(run.stop().0, ["got TERM"]);
}

#[test]
fn a_file_with_a_template_is_written_again_where_its_parts_are_no_variables() {
    for (drop, signal) in [("drop = [\"USER\", \"PASSWORD\"]", "SIGHUP"), ("", "SIGTERM")] {
        let stub = Stub::start();
        let put_both = |user: &str, password: &str| {
            stub.put(Parameter::string("/org/db/user", user));
            stub.put(Parameter::secure("/org/db/password", password));
            stub.put(Parameter::string("/org/generation", user));
        };
        put_both("one", "canary:one");
        let file = format!(
            "prefix = \"/org/db\"
{drop}
[files]
FILE = {{ template_file = \"pgpass\" }}
[watch]
every = \"1s\"
on_file_change = \"HUP\"
trigger = \"/org/generation\"
"
        );
        let run = Run::against(&stub.url()).file(&file);
        let template = "h:5432:*:${USER|pgpass}:${PASSWORD|pgpass}";
        crate::support::write(&run.home().join("pgpass"), template);
        let run = spawn(run.args("-- python3 -c").arg(READER).arg("handler"));
        assert_eq!(run.stdout.next(), r"has h:5432:*:one:canary\:one");
        run.stdout.wait_for("seals 1");
        put_both("two", "canary:two");
        let line = run.stderr.wait_for("sending SIG");
        assert!(line.contains(signal), "{line}");
        if signal == "SIGHUP" {
            assert_eq!(run.stdout.next(), r"has h:5432:*:two:canary\:two");
            assert_eq!(run.stop().0, ["got TERM"]);
        } else {
            assert_eq!(run.finish().1, ["got TERM"]);
        }
    }
}

/// A web server whose certificate and key are in memory.
const NGINX: &str = r#"
cat >"$HOME/nginx.conf" <<END
daemon off; master_process on; worker_processes 1; pid $HOME/nginx.pid; error_log stderr warn;
events {}
http {
    access_log off; client_body_temp_path $HOME/b; proxy_temp_path $HOME/p; fastcgi_temp_path $HOME/f;
    uwsgi_temp_path $HOME/u; scgi_temp_path $HOME/s;
    server {
        listen $ADDRESS ssl; ssl_certificate $CERTIFICATE; ssl_certificate_key $KEY;
        location / { return 200 "hello"; }
    }
}
END
exec nginx -c "$HOME/nginx.conf"
"#;

/// Asks again and again, on a connection that stays and on new ones, prints each certificate once and each failure.
const CLIENT: &str = r#"
import hashlib, http.client, ssl, sys
context = ssl._create_unverified_context()
def connection(): return http.client.HTTPSConnection(sys.argv[1], timeout=20, context=context)
def ask(on):
    on.request("GET", "/")
    assert on.getresponse().read() == b"hello"
seen, count = set(), 0
# Half a request, which is finished after the first rotation.
slow = connection()
slow.connect()
slow.sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
while True:
    new = connection()
    # Before the answer: a server that is about to end closes the connection with it.
    new.connect()
    certificate = hashlib.sha256(new.sock.getpeercert(True)).hexdigest()
    ask(new)
    new.close()
    count += 1
    if certificate not in seen:
        seen.add(certificate)
        if slow and count > 1:
            slow.sock.sendall(b"\r\n")
            assert slow.sock.recv(100).startswith(b"HTTP/1.1 200")
            slow = None
        print(certificate, flush=True)
"#;

/// A certificate with its key, and the digest of the former.
fn certificate(directory: &std::path::Path) -> (String, String, String) {
    let path = |name: &str| directory.join(name);
    let mut openssl = Command::new("openssl");
    openssl.args(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 9 -subj /CN=x"
            .split(' '),
    );
    succeeds(openssl.arg("-keyout").arg(path("key")).arg("-out").arg(path("certificate")));
    let mut digest = Command::new("openssl");
    digest.args(["x509", "-outform", "DER", "-in"]).arg(path("certificate"));
    digest.arg("-out").arg(path("der"));
    succeeds(&mut digest);
    let digest = succeeds(Command::new("sha256sum").arg(path("der")));
    let read = |name: &str| std::fs::read_to_string(path(name)).expect("a file");
    let digest = digest.split_whitespace().next().expect("a digest");
    (read("certificate"), read("key"), digest.to_owned())
}

#[test]
#[ignore = "needs nginx: ./tests/run provides it"]
fn nginx_takes_a_new_certificate_without_dropping_a_connection() {
    let stub = Stub::start();
    stub.put(Parameter::string("/org/generation", "0"));
    let directory = TempDir::new().expect("a directory");
    let put = || {
        let (certificate, key, digest) = certificate(directory.path());
        stub.put(Parameter::string("/org/tls/certificate", &certificate));
        stub.put(Parameter::secure("/org/tls/key", &key));
        digest
    };
    let first = put();
    let address = crate::support::free_address().to_string();
    let run = Run::against(&stub.url()).env("ADDRESS", &address).args(
        "--file CERTIFICATE=/org/tls/certificate --file KEY=/org/tls/key --on-file-change HUP --watch 1s --trigger /org/generation",
    );
    let unpacked = project("target/nginx/usr/sbin");
    let path = format!("/usr/sbin:/usr/bin:/bin:{}", unpacked.display());
    let run = run.env("PATH", path);
    let run = spawn(run.args("-- sh -c").arg(NGINX));
    crate::support::eventually("it listens", || std::net::TcpStream::connect(&address).is_ok());
    let mut client = Command::new("python3");
    client.args(["-c", CLIENT, &address]).stdout(Stdio::piped());
    let mut client = client.spawn().expect("starts");
    // Its errors are the test's own.
    let seen = Lines::of(client.stdout.take().expect("a pipe"));
    assert_eq!(seen.next(), first);
    for generation in 1..4 {
        let new = put();
        stub.put(Parameter::string("/org/generation", &generation.to_string()));
        run.stderr.wait_for("sending SIGHUP");
        assert_eq!(seen.next(), new);
    }
    assert!(client.try_wait().expect("a status").is_none(), "no failure");
    client.kill().expect("a signal");
    client.wait().expect("ends");
    run.send(Signal::SIGQUIT);
    assert_eq!(run.finish().0.code(), Some(0));
}
