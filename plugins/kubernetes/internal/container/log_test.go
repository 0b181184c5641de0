package container_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/container"
)

// printing connects to a server of a pod in some phase, whose log it answers by a function.
func printing(t *testing.T, phase string, log http.HandlerFunc) kubernetes.Interface {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/log") {
			log(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"kind":"Pod","apiVersion":"v1","status":{"phase":%q}}`, phase)
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Lines of one instant, and a connection that breaks between them: none is lost, none
// comes twice, though the API counts in seconds.
func TestALogGoesOnWhereItBrokeOff(t *testing.T) {
	t.Parallel()
	const at, later = "2026-01-02T03:04:05.000000007Z ", "2026-01-02T03:04:05.000000008Z "
	var asked atomic.Int32
	client := printing(t, "Succeeded", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, at+"one\n"+at+"two\n")
		if asked.Add(1) == 1 {
			_ = http.NewResponseController(w).Flush() // and the client sees the connection break
			panic(http.ErrAbortHandler)
		}
		if since := r.URL.Query().Get("sinceTime"); since != "2026-01-02T03:04:05Z" {
			t.Errorf("it asks for what came since %q", since)
		}
		fmt.Fprint(w, at+"three\n"+later+"four\nthe kubelet says a word\n")
	})
	var lines []string
	log := container.Log{Kube: client, Namespace: "shop", Pod: "web-0", Container: "main", Follow: true}
	if err := log.Each(t.Context(), func(text []byte) { lines = append(lines, string(text)) }); err != nil {
		t.Fatal(err)
	}
	if want := []string{"one", "two", "three", "four", "the kubelet says a word"}; !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}
}

// A line that is printed while there is no connection is told however little of what was
// before is asked for, and nothing that was before.
func TestALogLosesNoLineBeforeItsFirst(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(*container.Log){
		"since":           func(l *container.Log) { l.Since = time.Second },
		"tail 0":          func(l *container.Log) { l.Tail = new(int64(0)) },
		"tail 0 and more": func(l *container.Log) { l.Tail, l.Since = new(int64(0)), time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			const away = 2500 * time.Millisecond // longer than what is asked for of what was before
			var answered atomic.Bool
			client := printing(t, "Running", func(w http.ResponseWriter, r *http.Request) {
				if answered.Load() && time.Since(begun) < away {
					panic(http.ErrAbortHandler)
				}
				lines := []printed{{begun.Add(-time.Minute), "old"}}
				if answered.Swap(true) {
					lines = append(lines, printed{begun.Add(300 * time.Millisecond), "new"})
				}
				for _, line := range asked(t, r, lines) {
					fmt.Fprintln(w, line.when.UTC().Format(time.RFC3339Nano), line.text)
				}
				_ = http.NewResponseController(w).Flush()
				if r.URL.Query().Get("follow") == "true" {
					<-r.Context().Done()
				}
			})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			told := errors.New("a line was told")
			ctx, end := context.WithCancelCause(ctx)
			log := container.Log{Kube: client, Namespace: "shop", Pod: "web-0", Container: "main", Follow: true}
			ask(&log)
			var lines []string
			err := log.Each(ctx, func(text []byte) { lines = append(lines, string(text)); end(told) })
			if !slices.Equal(lines, []string{"new"}) {
				t.Errorf("it told %q, and ended with %v", lines, err)
			}
		})
	}
}

// However long a request is held up on its way, it reaches as far back as it was meant to: a
// client waits itself for a server that asks it to come again later, and then asks the same.
func TestALogLosesNoLineToARequestThatIsHeldUp(t *testing.T) {
	t.Parallel()
	for name, before := range map[string][]printed{"of a log": {{time.Now().Add(-time.Minute), "old"}}, "of one that was empty": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			lines := before
			client := printing(t, "Running", func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				if follows := r.URL.Query().Get("follow") == "true"; follows && len(lines) == len(before) {
					lines = append(lines, printed{time.Now(), "new"})
					w.Header().Set("Retry-After", "2")
					w.WriteHeader(http.StatusTooManyRequests)
					return
				} else if follows {
					lines = append(lines, printed{time.Now(), "newer"})
				}
				for _, line := range asked(t, r, slices.Clone(lines)) {
					fmt.Fprintln(w, line.when.UTC().Format(time.RFC3339Nano), line.text)
				}
			})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			ctx, end := context.WithCancelCause(ctx)
			log := container.Log{Kube: client, Namespace: "shop", Pod: "web-0", Container: "main", Follow: true, Since: time.Second}
			var told []string
			err := log.Each(ctx, func(text []byte) {
				if told = append(told, string(text)); string(text) == "newer" {
					end(errors.New("the last line was told"))
				}
			})
			if !slices.Equal(told, []string{"new", "newer"}) {
				t.Errorf("it told %q, and ended with %v", told, err)
			}
		})
	}
}

// printed is a line of a log.
type printed struct {
	when time.Time
	text string
}

// asked are the lines that a kubelet answers a request with.
func asked(t *testing.T, r *http.Request, lines []printed) []printed {
	var from time.Time
	query := r.URL.Query()
	if text := query.Get("sinceSeconds"); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil {
			t.Error(err)
		}
		from = time.Now().Add(-time.Duration(seconds) * time.Second)
	}
	if text := query.Get("sinceTime"); text != "" {
		var err error
		if from, err = time.Parse(time.RFC3339, text); err != nil {
			t.Error(err)
		}
	}
	lines = slices.DeleteFunc(lines, func(l printed) bool { return l.when.Before(from) })
	if text := query.Get("tailLines"); text != "" {
		last, err := strconv.Atoi(text)
		if err != nil {
			t.Error(err)
		}
		lines = lines[max(0, len(lines)-last):]
	}
	return lines
}
