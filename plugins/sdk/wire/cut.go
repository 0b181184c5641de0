package wire

// cutMark stands on both sides of each place where a line was cut: who masks secrets
// looks for parts of them there.
const cutMark = "…"

// Cut takes the beginning of a line, of at most so many bytes, and returns the rest; nil:
// there is none. Cut says whether the line is itself the rest of one. Both ends use it for
// what is too long to be passed on at once, a line of output, of a log, or an error.
func Cut(line []byte, cut bool, most int) (part, rest []byte) {
	if cut {
		part = append(part, cutMark...)
	}
	if len(part)+len(line) <= most {
		return append(part, line...), nil
	}
	room := most - len(part) - len(cutMark)
	return append(append(part, line[:room]...), cutMark...), line[room:]
}
