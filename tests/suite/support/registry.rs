//! A registry for images on this machine: that of Debian's package, which tests/needs unpacks.

use super::{project, write};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A registry, stopped when dropped. Docker needs no TLS for it, because it listens on the loopback interface.
pub struct Registry {
    process: Child,
    address: String,
    directory: tempfile::TempDir,
}

impl Registry {
    /// Starts it on a free port.
    pub fn start() -> Registry {
        let directory = tempfile::tempdir().expect("a directory for the test");
        let configuration = directory.path().join("config.yml");
        let images = directory.path().join("images");
        let settings = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: \"127.0.0.1:0\"}}\n",
            images.display()
        );
        write(&configuration, &settings);
        let mut process = Command::new(project("target/registry/usr/bin/docker-registry"))
            .arg("serve")
            .arg(&configuration)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a registry: tests/needs unpacks it");
        let mut log = BufReader::new(process.stderr.take().expect("a pipe")).lines();
        let address = log
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, rest) = line.split_once("listening on ")?;
                Some(rest.split_once('"')?.0.to_owned())
            })
            .expect("an address in its log");
        // Its log would fill the pipe.
        std::thread::spawn(move || log.for_each(drop));
        let known = format!("[[registry]]\nlocation = \"{address}\"\ninsecure = true\n");
        let settings = ".config/containers/registries.conf";
        write(&directory.path().join(settings), &known);
        Registry { process, address, directory }
    }

    /// `HOST:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A home directory with a configuration that lets skopeo use this registry without TLS.
    pub fn home(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
