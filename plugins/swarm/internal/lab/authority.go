package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority signs certificates for a test.
type Authority struct {
	CA string // path of its own certificate, in PEM

	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// NewAuthority makes an authority whose files lie in a folder, as ca.pem.
func NewAuthority(t testing.TB, dir string) *Authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	Must(t, err)
	a := &Authority{CA: filepath.Join(dir, "ca.pem"), key: key, certificate: template("authority")}
	a.certificate.IsCA, a.certificate.BasicConstraintsValid = true, true
	a.certificate.KeyUsage |= x509.KeyUsageCertSign
	a.write(t, a.CA, a.certificate, key)
	return a
}

// Issue writes a certificate for 127.0.0.1, or a client, of a name and its key into a folder, as cert.pem
// and key.pem.
func (a *Authority) Issue(t testing.TB, dir, name string) (cert, key string) {
	t.Helper()
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	Must(t, err)
	made := template(name)
	made.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	made.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	a.write(t, cert, made, pair)
	text, err := x509.MarshalECPrivateKey(pair)
	Must(t, err)
	Must(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: text}), 0o600))
	return cert, key
}

func (a *Authority) write(t testing.TB, path string, made *x509.Certificate, key *ecdsa.PrivateKey) {
	t.Helper()
	text, err := x509.CreateCertificate(rand.Reader, made, a.certificate, &key.PublicKey, a.key)
	Must(t, err)
	Must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	Must(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: text}), 0o600))
}

func template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
}
