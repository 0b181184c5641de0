package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/csv"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	mathrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/util/cert"
)

// An identity is what a client knows a cluster by: its certificate, its tokens and
// its port. It is made once for a directory and read on every later start.
type identity struct {
	home string // where its files are
	port int
	// kubeletPort is where the API server finds the kubelets, which nodes say once.
	kubeletPort int
	tokens      map[string]string // by the user's name
}

// These are the users of a cluster.
const (
	userAdmin             = "admin"
	userNobody            = "nobody" // may log in and do nothing
	userControllerManager = "system:kube-controller-manager"
	userScheduler         = "system:kube-scheduler"
)

func (id identity) certificate() string       { return filepath.Join(id.home, "tls.crt") }
func (id identity) key() string               { return filepath.Join(id.home, "tls.key") }
func (id identity) serviceAccountKey() string { return filepath.Join(id.home, "service-account.key") }
func (id identity) tokenFile() string         { return filepath.Join(id.home, "tokens.csv") }
func (id identity) portFile() string          { return filepath.Join(id.home, "port") }
func (id identity) kubeletPortFile() string   { return filepath.Join(id.home, "kubelet-port") }
func (id identity) server() string            { return fmt.Sprintf("https://127.0.0.1:%d", id.port) }

// openIdentity reads the identity of the cluster in dir, or makes it. A new one
// gets its name only when it is whole, so that a kill leaves all of it or nothing.
func openIdentity(dir string) (identity, error) {
	home := filepath.Join(dir, "identity")
	if _, err := os.Stat(home); errors.Is(err, fs.ErrNotExist) {
		unfinished := identity{home: home + ".new"}
		if err := unfinished.create(); err != nil {
			return identity{}, fmt.Errorf("making the cluster's identity: %w", err)
		}
		if err := os.Rename(unfinished.home, home); err != nil {
			return identity{}, err
		}
	}
	id := identity{home: home}
	if err := id.load(); err != nil {
		return identity{}, fmt.Errorf("reading the cluster's identity: %w", err)
	}
	return id, nil
}

func (id identity) create() error {
	if err := os.RemoveAll(id.home); err != nil {
		return err
	}
	if err := os.Mkdir(id.home, 0o700); err != nil {
		return err
	}
	crt, key, err := cert.GenerateSelfSignedCertKey("127.0.0.1",
		[]net.IP{net.IPv4(127, 0, 0, 1)}, []string{"localhost", "kubernetes.default.svc"})
	if err != nil {
		return err
	}
	signing, err := newSigningKey()
	if err != nil {
		return err
	}
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(id.certificate(), crt, 0o600),
		os.WriteFile(id.key(), key, 0o600),
		os.WriteFile(id.serviceAccountKey(), signing, 0o600),
		os.WriteFile(id.tokenFile(), newTokens(), 0o600),
		os.WriteFile(id.portFile(), []byte(strconv.Itoa(ports[0])), 0o600),
		os.WriteFile(id.kubeletPortFile(), []byte(strconv.Itoa(ports[1])), 0o600),
	)
}

func (id *identity) load() error {
	for path, to := range map[string]*int{id.portFile(): &id.port, id.kubeletPortFile(): &id.kubeletPort} {
		port, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if *to, err = strconv.Atoi(string(port)); err != nil {
			return err
		}
	}
	file, err := os.Open(id.tokenFile())
	if err != nil {
		return err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	id.tokens = map[string]string{}
	for _, row := range rows {
		id.tokens[row[1]] = row[0]
	}
	return err
}

// newSigningKey returns the key that service account tokens are signed with.
func newSigningKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}

// newTokens returns kube-apiserver's static token file: token, user, uid, groups.
func newTokens() []byte {
	var file strings.Builder
	writer := csv.NewWriter(&file)
	for _, user := range []string{userAdmin, userNobody, userControllerManager, userScheduler} {
		groups := ""
		if user == userAdmin {
			groups = "system:masters"
		}
		_ = writer.Write([]string{rand.Text(), user, user, groups}) // into memory: it cannot fail
	}
	writer.Flush()
	return []byte(file.String())
}

// freePorts finds so many ports below the range that the kernel gives to outgoing
// connections. In that range, another connection could hold the port while the
// cluster is down, and a client that tries it again and again could even be
// connected to itself.
func freePorts(count int) ([]int, error) {
	const lowest, highest, tries = 20000, 32000, 100
	var ports []int
	var last error
	for range tries {
		port := lowest + mathrand.IntN(highest-lowest)
		listener, err := listenOn(port)
		if err != nil {
			last = err
			continue
		}
		defer listener.Close() // only then, so that none is found twice
		if ports = append(ports, port); len(ports) == count {
			return ports, nil
		}
	}
	return nil, fmt.Errorf("of %d ports only %d are free: %w", tries, len(ports), last)
}

// writeKubeconfig writes the file with which a user reaches the cluster.
func (id identity) writeKubeconfig(path, user string) error {
	authority, err := os.ReadFile(id.certificate())
	if err != nil {
		return err
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["kubelab"] = &clientcmdapi.Cluster{Server: id.server(), CertificateAuthorityData: authority}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{Token: id.tokens[user]}
	config.Contexts["kubelab"] = &clientcmdapi.Context{Cluster: "kubelab", AuthInfo: user}
	config.CurrentContext = "kubelab"
	return clientcmd.WriteToFile(*config, path)
}
