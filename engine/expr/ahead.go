package expr

import (
	"iter"
	"runtime"
	"strings"
	"sync"

	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/expr/internal/template"
)

// Text is an expression that is in a runbook.
type Text struct {
	Text     string
	Types    *Types
	Template bool // it is for [Compiler.Template], and not for [Compiler.Condition]
}

// Mentions returns what the text seems to refer to, by its words alone. It is for a
// text with faults, of which no program tells that.
func (t Text) Mentions() []Ref {
	if t.Template {
		return template.Mentions(t.Text)
	}
	return names.Mentions(t.Text)
}

// Ahead compiles expressions on all processors, so that they are known when they are
// asked for. What comes of each is what would have come of it without: the order of
// the texts alone decides which of them are too many.
func (c *Compiler) Ahead(texts iter.Seq[Text]) {
	var workers sync.WaitGroup
	tasks := make(chan []func(), runtime.GOMAXPROCS(0))
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for batch := range tasks { // closed below
				for _, task := range batch {
					attempt(task)
				}
			}
		})
	}
	batch := make([]func(), 0, batchSize)
	for text := range texts {
		task := c.task(text)
		if task == nil {
			continue
		}
		if batch = append(batch, task); len(batch) == batchSize {
			tasks <- batch
			batch = make([]func(), 0, batchSize)
		}
	}
	tasks <- batch
	close(tasks)
	workers.Wait()
}

// batchSize is how many expressions are handed to a worker at once.
const batchSize = 16

// task returns what compiles a text; nil where there is nothing to do ahead.
func (c *Compiler) task(text Text) func() {
	var task func()
	if text.Template {
		if _, literal := template.Literal(text.Text); literal {
			return nil
		}
		made := c.template(text.Text, text.Types)
		task = func() { made() }
	} else {
		made := c.condition(text.Text, text.Types)
		task = func() { made() }
	}
	if strings.Contains(text.Text, "matches") {
		return nil // regular expressions have room in the order in which they are compiled
	}
	return task
}

// attempt leaves a panic, which would be a bug, to who asks for the expression: it
// comes again there, on a goroutine whose caller can see it.
func attempt(task func()) {
	defer func() { _ = recover() }()
	task()
}
