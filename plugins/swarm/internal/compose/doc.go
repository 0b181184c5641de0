// Package compose says what a service is in the words of a compose file, and what changes from one
// spec of a service to another. What those words do not cover is said by its path in the API, so
// that no change is hidden; what must not be shown is said to change. It reads and asks nothing.
package compose
