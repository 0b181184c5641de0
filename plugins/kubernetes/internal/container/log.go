package container

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Log is the log of one container, and how much of it is asked for.
type Log struct {
	Kube                      kubernetes.Interface // one for requests that last
	Namespace, Pod, Container string
	Previous                  bool          // of the run before the last restart
	Since                     time.Duration // no older lines; 0: all
	Tail                      *int64        // no more than these last lines; nil: all
	Follow                    bool          // goes on until the container has ended
	// Silence is how long nothing may come of what is there: that is a transient error. 0: as
	// long as one likes. Of what is to come nothing can be told by it: the API does not
	// answer before there is a line.
	Silence time.Duration
}

const (
	// longLine is what of a line is handed on; the rest is cut.
	longLine = 16 << 10
	// CutMark stands wherever text was cut. Who masks secrets knows by it that there may
	// be a part of one beside it.
	CutMark = "…"
	// askAgain is how long a log that broke off is left alone.
	askAgain = time.Second
)

// mark is the time of a line, and how many lines have just that time.
type mark struct {
	last time.Time
	same int
}

// position is how far a log was read.
type position struct {
	mark            // of the last line
	word  string    // the kubelet's last
	part  part      // that is read now
	begun time.Time // by the clock here
	// first is that of the last line that there was at first: by the node's clock, it tells
	// what comes later, also where no line is asked for that is as old.
	first mark
}

// part is one of the parts of a log, in the order in which they are read.
type part int

const (
	lastLine part = iota // of what is there, for its time; it is not told
	isThere              // as much of it as is asked for
	toCome               // all that comes after it
)

// begin is where the log is read from.
func (l Log) begin() position {
	at := position{begun: time.Now(), part: isThere}
	if l.onlyToCome() || l.Follow && l.Since > 0 {
		at.part = lastLine
	}
	return at
}

// ended moves a position to the next part of the log.
func (l Log) ended(at *position) {
	switch {
	case at.part == lastLine && !l.onlyToCome():
		at.first, at.mark, at.part = at.mark, mark{}, isThere
	case at.last.IsZero():
		at.mark, at.part = at.first, toCome
	default:
		at.part = toCome
	}
}

// Each hands on the lines of the log, one after the other; they are not kept.
//
// A log that is followed is first read as far as it goes, by which a node that does not
// answer is known. It goes on over disconnects, with no line lost or told twice, and
// waits for a container that has not begun. When ctx ends that, the error is what kept
// the log from being read at last, or else the cause of that end.
func (l Log) Each(ctx context.Context, line func(text []byte)) error {
	at := l.begin()
	for {
		was := at.part
		err := l.read(ctx, &at, line)
		switch {
		case !l.Follow:
			return err
		case err == nil && was != toCome:
			continue // it may have ended meanwhile, with more to say
		case err == nil && l.hasEnded(ctx):
			return nil
		case err != nil && ctx.Err() == nil && sdk.AsError(err).Class != sdk.Transient:
			return err
		}
		if !cluster.Pause(ctx, askAgain) {
			switch {
			case err == nil:
				return context.Cause(ctx)
			case at.part != toCome && errors.Is(err, context.Cause(ctx)):
				return l.silent("for as long as it was waited for")
			}
			return err
		}
	}
}

// read reads what has come since a position, and moves it.
func (l Log) read(outer context.Context, at *position, line func(text []byte)) error {
	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)
	heard := func() {}
	if l.Silence > 0 && at.part != toCome {
		silence := time.AfterFunc(l.Silence, func() { cancel(l.silent("for " + l.Silence.String())) })
		defer silence.Stop()
		heard = func() { silence.Reset(l.Silence) }
	}
	stream, err := l.Kube.CoreV1().Pods(l.Namespace).GetLogs(l.Pod, l.options(*at)).Stream(ctx)
	if err != nil {
		return l.fault(ctx, err)
	}
	defer stream.Close()
	begun, skip := at.last, at.same
	lines := bufio.NewReaderSize(stream, longLine)
	for {
		text, err := readLine(lines)
		if errors.Is(err, io.EOF) {
			l.ended(at)
			return nil
		}
		if err != nil {
			return l.fault(ctx, err)
		}
		heard()
		stamp, rest, _ := bytes.Cut(text, []byte(" "))
		when, err := time.Parse(time.RFC3339Nano, string(stamp))
		switch {
		case err != nil: // a word of the kubelet's own, which it has for whoever asks again too
			if word := string(text); word != at.word {
				at.word = word
				line(text)
			}
			continue
		case when.Before(begun):
			continue // the API counts in seconds
		case when.Equal(begun) && skip > 0:
			skip--
			continue
		case when.Equal(at.last):
			at.same++
		default:
			at.last, at.same = when, 1
		}
		if at.part == lastLine {
			l.ended(at)
			return nil
		}
		line(bytes.TrimSuffix(rest, []byte("\r")))
	}
}

// onlyToCome says that no line is asked for of those that are there.
func (l Log) onlyToCome() bool { return l.Follow && l.Tail != nil && *l.Tail == 0 }

// silent is about a log of which nothing comes that is there.
func (l Log) silent(howLong string) error {
	return sdk.Errorf(sdk.Transient, "nothing came of the log of %s/%s %s: its node may not answer", l.Namespace, l.Pod, howLong)
}

func (l Log) options(at position) *corev1.PodLogOptions {
	options := &corev1.PodLogOptions{Container: l.Container, Previous: l.Previous, Follow: at.part == toCome, Timestamps: true}
	switch {
	case !at.last.IsZero():
		options.SinceTime = new(metav1.NewTime(at.last))
	case at.part == lastLine:
		options.TailLines = new(int64(1))
	case at.part == isThere:
		options.TailLines = l.Tail
		if since := l.Since; since > 0 {
			if l.Follow { // the node counts back from its own now, so that what has passed is added
				since += time.Since(at.begun)
			}
			options.SinceSeconds = new(int64((since + time.Second - 1) / time.Second))
		}
	case at.part == toCome: // there was no line, so that all are new
	}
	return options
}

// readLine reads a line without its end, and cuts one that is too long.
func readLine(from *bufio.Reader) ([]byte, error) {
	text, more, err := from.ReadLine()
	if err != nil {
		return nil, err
	}
	if !more {
		return bytes.ToValidUTF8(text, []byte("\uFFFD")), nil
	}
	text = append(bytes.ToValidUTF8(text, nil), CutMark...)
	for more && err == nil {
		_, more, err = from.ReadLine()
	}
	return text, nil
}

// hasEnded says whether nothing more can come. A pod that is gone has ended too.
func (l Log) hasEnded(ctx context.Context) bool {
	if l.Previous || !l.Follow {
		return true
	}
	pod, err := l.Kube.CoreV1().Pods(l.Namespace).Get(ctx, l.Pod, metav1.GetOptions{})
	if err != nil {
		return apierrors.IsNotFound(err)
	}
	return HasEnded(pod, l.Container)
}

// fault says that a container which waits to start may be asked again, where the API
// calls the question a bad one.
func (l Log) fault(ctx context.Context, err error) error {
	fault := cluster.FaultIn(ctx, err, "read the log of %s/%s", l.Namespace, l.Pod)
	if apierrors.IsBadRequest(err) && strings.Contains(err.Error(), "waiting to start") {
		return sdk.Errorf(sdk.Transient, "%w", fault)
	}
	return fault
}
