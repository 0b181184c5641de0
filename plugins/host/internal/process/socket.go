package process

import (
	"fmt"
	"path/filepath"
	"runtime"
	"syscall"
)

// socketName is what go-plugin adds to the folder of temporary files at most: the name of a
// folder and that of a socket in it, with a random number each.
const socketName = "/plugin-dir4294967295/plugin4294967295"

// fitsSocket says whether the path of a socket in the folder is one that the system takes:
// what a plugin says that cannot listen is no help to anybody.
func fitsSocket(folder string) error {
	temporary, most := filepath.Dir(folder), len(syscall.RawSockaddrUnix{}.Path)-1
	if runtime.GOOS == "windows" || len(temporary)+len(socketName) <= most {
		return nil
	}
	return fmt.Errorf("the folder of temporary files is %s, and the path of a socket in it would be longer than the %d bytes that it may have; "+
		"set TMPDIR to a shorter folder, of at most %d bytes", temporary, most, most-len(socketName))
}
