package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"
)

// A request has failed where whoever sent it does not have the whole answer, with status 200, when
// this time is over: what an operator has to explain to a customer. It does not matter why, nor
// whether a second try would have been answered.
const answerTime = 2 * time.Second

// rate is the time between two requests of a client. They are sent whether or not those before them
// are answered, as customers do.
const rate = 25 * time.Millisecond

// Load is real HTTP to the replicas of a service, from a machine that is none of its nodes, by two
// clients that try nothing twice. The direct one goes round the replicas that the swarm says are
// running, as those do that find them by name: it meets each that has just gone. The other one asks
// a balancer, as customers do: what that one hides, they do not see.
type Load struct {
	Direct   *Counts
	Balanced *Counts

	lab     *Lab
	service string
	base    int
	stop    context.CancelFunc
	close   context.CancelFunc // of the balancer
	workers sync.WaitGroup
}

// Load starts load on a service whose replicas have [Ports], until it is stopped, or the test ends.
func (l *Lab) Load(t testing.TB, service string, base int) *Load {
	t.Helper()
	open, closes := context.WithCancel(context.Background())
	ctx, stop := context.WithCancel(open)
	made := &Load{Direct: &Counts{}, Balanced: &Counts{}, lab: l, service: service, base: base, stop: stop, close: closes}
	t.Cleanup(made.Stop)
	var known targets
	Must(t, made.look(ctx, &known))
	balancer, err := l.balance(open, base)
	Must(t, err)
	made.workers.Go(func() {
		every(ctx, 200*time.Millisecond, func() { _ = made.look(ctx, &known) }) // without a leader, it stays as it was
	})
	made.client(ctx, made.Direct, known.next)
	made.client(ctx, made.Balanced, func() (string, error) { return balancer, nil })
	return made
}

// Stop ends the load, and waits for the last answers.
func (l *Load) Stop() {
	l.stop()
	l.workers.Wait()
	l.close()
}

// look asks the swarm where replicas are running.
func (l *Load) look(ctx context.Context, known *targets) error {
	manager, err := l.lab.Manager(ctx)
	if err != nil {
		return err
	}
	nodes, err := manager.Docker.NodeList(ctx, client.NodeListOptions{})
	if err != nil {
		return err
	}
	tasks, err := l.lab.Tasks(ctx, l.service)
	if err != nil {
		return err
	}
	at := map[string]string{}
	for _, node := range nodes.Items {
		if is, err := l.lab.Node(node.Description.Hostname); err == nil {
			at[node.ID] = is.Address
		}
	}
	var found []string
	for _, task := range tasks {
		if task.Status.State == swarm.TaskStateRunning {
			found = append(found, fmt.Sprintf("%s:%d", at[task.NodeID], l.base+task.Slot))
		}
	}
	slices.Sort(found)
	known.set(found)
	return nil
}

// client sends requests until the context ends, and counts what becomes of them.
func (l *Load) client(ctx context.Context, counts *Counts, next func() (string, error)) {
	web := &http.Client{Timeout: answerTime, Transport: &http.Transport{DialContext: l.lab.Dial, DisableKeepAlives: true}}
	l.workers.Go(func() {
		every(ctx, rate, func() {
			l.workers.Go(func() {
				target, err := next()
				var said string
				if err == nil {
					said, err = ask(web, target)
				}
				counts.add(said, err)
			})
		})
	})
}

// ask sends one request, and returns the version that answers.
func ask(web *http.Client, target string) (version string, err error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+target, nil)
	if err != nil {
		return "", err
	}
	answer, err := web.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %s", answer.StatusCode, text)
	}
	version, _, _ = strings.Cut(string(text), " ")
	return version, err
}

// every does something again and again, until the context ends.
func every(ctx context.Context, pause time.Duration, do func()) {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			do()
		}
	}
}

// targets are addresses that are taken in turn.
type targets struct {
	mu   sync.Mutex
	all  []string
	turn int
}

func (t *targets) set(all []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = all
}

func (t *targets) next() (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.all) == 0 {
		return "", errors.New("no replica is known")
	}
	t.turn++
	return t.all[t.turn%len(t.all)], nil
}

// Counts is what became of requests.
type Counts struct {
	mu       sync.Mutex
	answered map[string]int // by version
	failed   map[string]int // by reason
}

func (c *Counts) add(version string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		if c.answered == nil {
			c.answered = map[string]int{}
		}
		c.answered[version]++
		return
	}
	if c.failed == nil {
		c.failed = map[string]int{}
	}
	reason := err.Error()
	c.failed[strings.TrimSpace(reason[strings.LastIndex(reason, ": ")+1:])]++
}

// Answered is how many requests a version has answered.
func (c *Counts) Answered(version string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answered[version]
}

// Failed is how many requests have failed.
func (c *Counts) Failed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return sum(c.failed)
}

// String reads "1204 requests, 800 answered by v1, 404 answered by v2, 0 failed", with why they did.
func (c *Counts) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	parts := []string{fmt.Sprintf("%d requests", sum(c.answered)+sum(c.failed))}
	for _, version := range slices.Sorted(maps.Keys(c.answered)) {
		parts = append(parts, fmt.Sprintf("%d answered by %s", c.answered[version], version))
	}
	parts = append(parts, fmt.Sprintf("%d failed", sum(c.failed)))
	for _, reason := range slices.Sorted(maps.Keys(c.failed)) {
		parts = append(parts, fmt.Sprintf("%d of them: %s", c.failed[reason], reason))
	}
	return strings.Join(parts, ", ")
}

func sum(counts map[string]int) (all int) {
	for _, count := range counts {
		all += count
	}
	return all
}
