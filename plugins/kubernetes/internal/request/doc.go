// Package request is about the way of requests to the API server, whatever they ask for:
// what they may have changed, what objects their answers had, and who is waited for before
// they are sent. It leaves out what is asked, and of whom.
package request
