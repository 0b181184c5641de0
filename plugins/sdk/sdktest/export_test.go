package sdktest

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// UntriedSecrets is what Run looks for when its cases are over.
func UntriedSecrets(s *schema.Schema, params []map[string]any) []string {
	return untriedSecrets(s, params)
}

// CheckOne runs one check of the suite and returns what it found, where Run would
// fail the test.
func CheckOne(t *testing.T, name string, handler sdk.Handler, c Case) []string {
	t.Helper()
	return faultsOf(t, func(found *finder) {
		if name == "description" {
			checkDescription(found, handler.Describe())
			return
		}
		for _, check := range checksOf(handler.Describe(), c) {
			if check.name == name {
				check.run(newTrial(found, handler, c))
				return
			}
		}
		t.Errorf("there is no check %q", name)
	})
}

// CheckPlugin is CheckOne for a check of RunPlugin.
func CheckPlugin[C any](t *testing.T, name string, declared func() sdk.Plugin[C], config map[string]any) []string {
	t.Helper()
	return faultsOf(t, func(found *finder) {
		for _, check := range pluginChecks() {
			if check.name == name {
				check.run(newConnecting(found, served(declared), config))
				return
			}
		}
		t.Errorf("there is no check %q", name)
	})
}

// faultsOf returns what a check finds, which ends where it fails for good.
func faultsOf(t *testing.T, check func(*finder)) []string {
	t.Helper()
	found := &finder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		check(found)
	}()
	<-done
	return found.faults
}

// finder is a test that keeps its failures to itself.
type finder struct {
	testing.TB
	faults []string
}

func (f *finder) Errorf(format string, args ...any) {
	f.faults = append(f.faults, fmt.Sprintf(format, args...))
}

func (f *finder) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	runtime.Goexit()
}
