package lab

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
)

// SSH is a real sshd of a test's own.
type SSH struct {
	Port  string // on 127.0.0.1
	Known string // path of a known_hosts file that has its key
	Key   string // path of a private key by which it lets the test's own user in
}

// StartSSH starts an sshd with a host key of its own, until the test ends. The docker command finds there what
// the environment of this process names.
func StartSSH(t testing.TB) SSH {
	t.Helper()
	sshd, keygen := Needs(t, "sshd"), Needs(t, "ssh-keygen")
	Needs(t, "docker")
	dir := t.TempDir()
	at := func(file string) string { return filepath.Join(dir, file) }
	for _, key := range []string{"host", "client"} {
		said, err := exec.CommandContext(t.Context(), keygen, "-q", "-t", "ed25519", "-N", "", "-f", at(key)).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, said)
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	Must(t, err)
	t.Cleanup(func() { listener.Close() })
	_, port, err := net.SplitHostPort(listener.Addr().String())
	Must(t, err)
	host, err := os.ReadFile(at("host.pub"))
	Must(t, err)
	config := []string{
		"HostKey " + at("host"), "AuthorizedKeysFile " + at("client.pub"), "StrictModes no", "PermitRootLogin yes",
		"PasswordAuthentication no", "KbdInteractiveAuthentication no", "UsePAM no", "PidFile none", "SetEnv PATH=" + os.Getenv("PATH"),
	}
	Must(t, os.WriteFile(at("sshd_config"), []byte(strings.Join(config, "\n")+"\n"), 0o600))
	Must(t, os.WriteFile(at("known_hosts"), []byte(fmt.Sprintf("[127.0.0.1]:%s %s", port, host)), 0o600))
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // the test has ended
			}
			go answer(connection.(*net.TCPConn), sshd, at("sshd_config"))
		}
	}()
	return SSH{Port: port, Known: at("known_hosts"), Key: at("client")}
}

// answer has an sshd serve one connection. It wants a folder of the machine's, and gets one that only it
// sees.
func answer(connection *net.TCPConn, sshd, config string) {
	defer connection.Close()
	file, err := connection.File()
	if err != nil {
		return
	}
	defer file.Close()
	process := exec.CommandContext(context.Background(), "unshare", "--mount", "sh", "-c",
		`mount -t tmpfs -o mode=755 run /run && mkdir /run/sshd && exec "$0" -i -e -f "$1"`, sshd, config)
	process.Stdin, process.Stdout = file, file
	process.SysProcAttr = alone()
	_ = process.Run() // the client is told what is wrong, and the test sees that
}

// Client makes an ssh command in a folder that asks nobody, and knows the hosts and has the key of files;
// an empty one is none.
func (s SSH) Client(t testing.TB, dir, known, key string) {
	t.Helper()
	ssh := Needs(t, "ssh")
	me, err := user.Current()
	Must(t, err)
	config := fmt.Sprintf("Host *\n  User %s\n  UserKnownHostsFile %s\n  GlobalKnownHostsFile none\n  StrictHostKeyChecking yes\n  IdentitiesOnly yes\n  IdentityFile %s\n  BatchMode yes\n",
		me.Username, cmp.Or(known, "none"), cmp.Or(key, "none"))
	Must(t, os.WriteFile(filepath.Join(dir, "ssh_config"), []byte(config), 0o600))
	Must(t, os.WriteFile(filepath.Join(dir, "ssh"), []byte(fmt.Sprintf("#!/bin/sh\nexec '%s' -F '%s' \"$@\"\n", ssh, filepath.Join(dir, "ssh_config"))), 0o755))
}
