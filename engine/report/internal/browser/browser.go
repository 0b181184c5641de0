// Package browser has tests look at a page as people see it: in a real Chromium, without a
// window. It speaks the browser's debugging protocol over two pipes, so that it needs no
// port, no network and no library.
//
// Where no browser is installed such tests are skipped, and say so; where the word
// `browser` is in GATEBOOK_TEST_REQUIRE they fail. Floor 0.
package browser

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// programs are the names that Chromium has, the lightest first.
func programs() []string {
	return []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"}
}

// Page is a page in a browser of its own.
type Page struct {
	t       *testing.T
	pipe    *pipe
	session string
}

// Open starts a browser that has nothing loaded, and stops it at the end of the test.
func Open(t *testing.T) *Page {
	t.Helper()
	program := find(t)
	read, answers := pipeOf(t)
	requests, write := pipeOf(t)
	var said bytes.Buffer
	args := []string{
		"--headless", "--remote-debugging-pipe", "--user-data-dir=" + folder(t), "--no-first-run", "--disable-gpu", "--hide-scrollbars",
		"--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--force-color-profile=srgb",
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // Chromium refuses to build its sandbox as root
	}
	command := exec.CommandContext(t.Context(), program, args...)
	command.ExtraFiles = []*os.File{requests, answers} // what the browser knows as 3 and 4
	command.Stderr = &said
	if err := command.Start(); err != nil {
		missing(t, program+" cannot be started: "+err.Error())
	}
	requests.Close()
	answers.Close()
	p := &Page{t: t, pipe: newPipe(read, write)}
	t.Cleanup(func() { p.stop(command) })
	var target struct {
		ID string `json:"targetId"`
	}
	if err := p.pipe.call("", "Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		missing(t, program+" does not answer: "+lastOf(said.String()))
	}
	var session struct {
		ID string `json:"sessionId"`
	}
	p.call("Target.attachToTarget", map[string]any{"targetId": target.ID, "flatten": true}, &session)
	p.session = session.ID
	for _, domain := range []string{"Page", "Runtime", "Network", "Log", "Accessibility"} {
		p.call(domain+".enable", nil, nil)
	}
	p.call("Page.setLifecycleEventsEnabled", map[string]any{"enabled": true}, nil)
	return p
}

// stop has the browser end, and waits for it. How it ends is nothing to the test.
func (p *Page) stop(command *exec.Cmd) {
	if p.pipe.call("", "Browser.close", nil, nil) != nil {
		_ = command.Process.Kill()
	}
	_ = command.Wait()
}

// folder is where the browser keeps what it remembers. Its helpers may write there for a moment
// after it has ended, which is no fault of the test, as it would be in a TempDir.
func folder(t *testing.T) string {
	t.Helper()
	path, err := os.MkdirTemp("", "gatebook-browser-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(path) })
	return path
}

// find returns the browser to use.
func find(t *testing.T) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		missing(t, "a program cannot be given pipes here")
	}
	for _, name := range programs() {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, "none of "+strings.Join(programs(), ", ")+" is installed")
	return ""
}

// missing skips the test, or fails it where it must not be skipped.
func missing(t *testing.T, reason string) {
	t.Helper()
	if slices.Contains(strings.Fields(os.Getenv("GATEBOOK_TEST_REQUIRE")), "browser") {
		t.Fatal("GATEBOOK_TEST_REQUIRE says that this must not be skipped: " + reason)
	}
	t.Skip("pages cannot be looked at: " + reason)
}

func lastOf(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

func pipeOf(t *testing.T) (read, write *os.File) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { read.Close(); write.Close() })
	return read, write
}

func (p *Page) call(method string, params, into any) {
	p.t.Helper()
	if err := p.pipe.call(p.session, method, params, into); err != nil {
		p.t.Fatalf("%s: %v", method, err)
	}
}

// Load shows a document, and returns once all of it has been loaded.
func (p *Page) Load(document []byte) {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), "page.html")
	if err := os.WriteFile(path, document, 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.pipe.forget()
	var begun, event struct {
		Loader string `json:"loaderId"`
		Name   string `json:"name"`
	}
	p.call("Page.navigate", map[string]any{"url": "file://" + path}, &begun)
	if err := p.pipe.await(func(m message) bool { // of the page, and not of the empty one before it
		return m.Method == "Page.lifecycleEvent" && json.Unmarshal(m.Params, &event) == nil && event.Loader == begun.Loader && event.Name == "load"
	}); err != nil {
		p.t.Fatal(err)
	}
}

// Resize gives the page so many pixels, which it fills.
func (p *Page) Resize(width, height int) {
	p.t.Helper()
	p.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
}

// Prefer has the reader prefer a colour scheme: light or dark.
func (p *Page) Prefer(scheme string) {
	p.t.Helper()
	p.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// Eval evaluates a JavaScript expression in the page and reads what it comes to.
func (p *Page) Eval(expression string, into any) {
	p.t.Helper()
	var answer struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception json.RawMessage `json:"exceptionDetails"`
	}
	p.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &answer)
	if answer.Exception != nil {
		p.t.Fatalf("%s: %s", expression, answer.Exception)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(answer.Result.Value, into); err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
}

// Press presses a key, Tab or Enter, and lets it go.
func (p *Page) Press(key string) {
	p.t.Helper()
	codes := map[string]int{"Tab": 9, "Enter": 13}
	event := map[string]any{"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
	if key == "Enter" {
		event["text"] = "\r"
	}
	p.call("Input.dispatchKeyEvent", event, nil)
	event["type"] = "keyUp"
	delete(event, "text")
	p.call("Input.dispatchKeyEvent", event, nil)
}

// tallest is how much of a page a screenshot shows.
const tallest = 3000

// Screenshot writes what the page looks like, from its top, among the artifacts of the test:
// go test -artifacts keeps them.
func (p *Page) Screenshot(name string) {
	p.t.Helper()
	var shot struct {
		Data string `json:"data"`
	}
	var metrics struct {
		Size struct {
			Width  float64 `json:"width"`
			Height float64 `json:"height"`
		} `json:"cssContentSize"`
	}
	p.call("Page.getLayoutMetrics", nil, &metrics)
	clip := map[string]any{"x": 0, "y": 0, "width": metrics.Size.Width, "height": min(metrics.Size.Height, tallest), "scale": 1}
	p.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true, "clip": clip}, &shot)
	data, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.t.ArtifactDir(), name+".png"), data, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// Requests returns what was asked for since the document was loaded, itself left out.
func (p *Page) Requests() []string {
	var found []string
	for _, e := range p.pipe.told("Network.requestWillBeSent") {
		var sent struct {
			Request struct {
				URL string `json:"url"`
			} `json:"request"`
			Type string `json:"type"`
		}
		if json.Unmarshal(e, &sent) != nil || sent.Type != "Document" {
			found = append(found, string(e))
		}
	}
	return found
}

// Complaints returns what the browser had to say since the document was loaded: errors,
// warnings, what the page may not do.
func (p *Page) Complaints() []string {
	var found []string
	for _, method := range []string{"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"} {
		for _, e := range p.pipe.told(method) {
			found = append(found, string(e))
		}
	}
	return found
}
