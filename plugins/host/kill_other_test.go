//go:build !linux

package host_test

const hostIn = "GATEBOOK_TEST_HOST_IN"

func beHost(string) {}
