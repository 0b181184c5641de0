package web

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/steps/internal/files"
)

// TLS is how a connection is secured; the inputs of actions that connect hold it.
type TLS struct {
	CAFile             string `json:"caFile" doc:"PEM file of the authorities to trust, in place of the system's."`
	CertFile           string `json:"certFile" doc:"PEM file of the certificate to show to the server; needs keyFile."`
	KeyFile            string `json:"keyFile" doc:"PEM file of that certificate's private key."`
	ServerName         string `json:"serverName" doc:"Name that the server's certificate must carry, where it is not that of the address."`
	InsecureSkipVerify bool   `json:"insecureSkipVerify" doc:"Accepts any certificate. Whoever stands between can then read and change everything."`
}

// TLSConfig reads the files that settings name; nil settings are the defaults.
func (c Client) TLSConfig(settings *TLS) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if settings == nil {
		return config, nil
	}
	config.ServerName = settings.ServerName
	config.InsecureSkipVerify = settings.InsecureSkipVerify
	if settings.CAFile != "" {
		pem, err := os.ReadFile(c.Path(settings.CAFile))
		if err != nil {
			return nil, files.Error("tls.caFile", settings.CAFile, err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, sdk.FieldErrorf("tls.caFile", "%s holds no certificate in PEM", settings.CAFile)
		}
	}
	if (settings.CertFile == "") != (settings.KeyFile == "") {
		return nil, sdk.FieldErrorf("tls", "certFile and keyFile belong together; one of them is missing")
	}
	if settings.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(c.Path(settings.CertFile), c.Path(settings.KeyFile))
		if err != nil {
			return nil, sdk.FieldErrorf("tls.certFile", "loading %s with %s: %w", settings.CertFile, settings.KeyFile, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// IsUntrusted reports whether a connection failed because the server's certificate is
// not trusted, which does not change by trying again.
func IsUntrusted(err error) bool {
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	return untrusted
}
