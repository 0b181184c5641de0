package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

// These annotations of a pod are what its containers print; "kubelab/logs-main" is what
// the container main prints.
const (
	logsAnnotation         = "kubelab/logs"
	previousLogsAnnotation = "kubelab/previous-logs"
)

// printedLine is a line of a log.
type printedLine struct {
	at   time.Time
	text string
}

// logs answers with what a container printed. One that is followed goes on with what is
// added to the annotation, until the container ends.
func (k containers) logs(w http.ResponseWriter, r *http.Request) {
	var options corev1.PodLogOptions
	if err := legacyscheme.ParameterCodec.DecodeParameters(r.URL.Query(), corev1.SchemeGroupVersion, &options); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	began, sent := false, 0
	for {
		lines, ended, err := k.printed(r.Context(), r, options.Previous)
		if err != nil && !began {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if !began {
			began, sent = true, skipped(lines, options)
		}
		// A pod that is gone ends the log, as an error would that came later.
		if err != nil || !send(w, lines[min(sent, len(lines)):], options) || ended || !options.Follow {
			return
		}
		sent = max(sent, len(lines))
		select {
		case <-r.Context().Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// printed reads what a container printed so far, and whether it has ended.
func (k containers) printed(ctx context.Context, r *http.Request, previous bool) (lines []printedLine, ended bool, err error) {
	pod, err := k.client.CoreV1().Pods(r.PathValue("namespace")).Get(ctx, r.PathValue("pod"), metav1.GetOptions{})
	if err != nil {
		return nil, false, err
	}
	container := r.PathValue("container")
	text, found := pod.Annotations[logsAnnotation+"-"+container]
	if !found {
		text = pod.Annotations[logsAnnotation]
	}
	if previous {
		if text, found = pod.Annotations[previousLogsAnnotation]; !found {
			return nil, false, fmt.Errorf("previous terminated container %q in pod %q not found", container, pod.Name)
		}
	}
	for _, status := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
		switch state := status.State; {
		case status.Name != container:
		case previous:
			return linesOf(text, pod.CreationTimestamp.Time), true, nil
		case state.Running != nil:
			return linesOf(text, state.Running.StartedAt.Time), false, nil
		case state.Terminated != nil:
			return linesOf(text, state.Terminated.StartedAt.Time), true, nil
		case state.Waiting != nil:
			return nil, false, fmt.Errorf("container %q in pod %q is waiting to start: %s", container, pod.Name, state.Waiting.Reason)
		}
	}
	return nil, false, fmt.Errorf("container %q in pod %q is not available", container, pod.Name)
}

// linesOf are the lines of a text. One that begins with a time was printed then, any
// other a microsecond after that before it.
func linesOf(text string, start time.Time) []printedLine {
	var lines []printedLine
	for line := range strings.Lines(text) {
		start = start.Add(time.Microsecond)
		line = strings.TrimSuffix(line, "\n")
		stamp, rest, _ := strings.Cut(line, " ")
		if at, err := time.Parse(time.RFC3339Nano, stamp); err == nil {
			start, line = at, rest
		}
		lines = append(lines, printedLine{start, line})
	}
	return lines
}

// skipped is how many lines at the beginning were not asked for.
func skipped(lines []printedLine, options corev1.PodLogOptions) int {
	var since time.Time
	switch {
	case options.SinceTime != nil:
		since = options.SinceTime.Time
	case options.SinceSeconds != nil:
		since = time.Now().Add(-time.Duration(*options.SinceSeconds) * time.Second)
	}
	first := 0
	for first < len(lines) && lines[first].at.Before(since) {
		first++
	}
	if options.TailLines != nil {
		first = max(first, len(lines)-int(*options.TailLines))
	}
	return first
}

// send writes lines, and says whether they went out.
func send(w http.ResponseWriter, lines []printedLine, options corev1.PodLogOptions) bool {
	for _, line := range lines {
		text := line.text + "\n"
		if options.Timestamps {
			text = line.at.UTC().Format(time.RFC3339Nano) + " " + text
		}
		if _, err := io.WriteString(w, text); err != nil {
			return false
		}
	}
	return http.NewResponseController(w).Flush() == nil
}
