// Package standing says how a run stands.
//
// A [Status] folds the events of a run, one at a time, into the view of it that every
// document and every live view is made from: where each step is, what is waited for,
// what came of it, and what a person may type next. It lays nothing out, and knows no
// clock: whoever asks says what time it is. Floor 6.
package standing
