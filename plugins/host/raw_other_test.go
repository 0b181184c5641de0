//go:build !unix

package host_test

// The plugins without the sdk are made with what only Unix has.
func withoutSDK() map[string]func() { return nil }
