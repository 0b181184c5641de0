package endtoend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// door is a way from this machine, where gatebook runs, onto the network of the nodes: whoever connects
// to it meets a replica of a service, another one every time. It sets a variable to its address.
func (s *stage) door(ts *testscript.TestScript, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: door VARIABLE PORTS")
	}
	var places []string
	for slot := range 9 {
		for _, node := range s.Nodes {
			port := strings.ReplaceAll(args[1], "{{.Task.Slot}}", strconv.Itoa(slot+1))
			places = append(places, net.JoinHostPort(node.Address, port))
		}
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ts.Defer(func() { listener.Close() })
	ts.Setenv(args[0], "http://"+listener.Addr().String())
	go func() {
		var turn atomic.Int64
		for {
			from, err := listener.Accept()
			if err != nil {
				return // the script is over
			}
			go s.through(from, places, int(turn.Add(1)))
		}
	}()
	return nil
}

// through passes on what one connection says, in both directions.
func (s *stage) through(from net.Conn, places []string, turn int) {
	defer from.Close()
	for i := range places {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		to, err := s.Dial(ctx, "tcp", places[(turn+i)%len(places)])
		cancel()
		if err != nil {
			continue
		}
		defer to.Close()
		go func() {
			_, _ = io.Copy(to, from) // either may hang up
			to.Close()
		}()
		_, _ = io.Copy(from, to)
		return
	}
	fmt.Fprint(from, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}
