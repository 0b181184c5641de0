package proc

// Group is a process group that gatebook made, as its leader was when it was started.
type Group struct {
	Leader  int    // its number is the group's, too
	Start   uint64 // of the leader; 0: it is not known, so that nothing can be told
	Session int
}

// Left returns the processes of the group that still run.
//
// The number of a group is not given to another process as long as one is left in it, but
// then it may be. So nothing is left where the number has a process that is not the
// leader. Where it has none, what bears the number as its group's is taken for ours unless
// it is older than the leader or of another session: both are inherited, and a process
// that changes its session leaves its group. To be mistaken needs numbers that went all
// the way around, and a leader in the same session that has ended before its children.
func (g Group) Left(all []Process) []Process {
	var left []Process
	for _, p := range all {
		if p.PID == g.Leader && p.Start != g.Start {
			return nil
		}
		if p.Runs && p.Group == g.Leader && p.Session == g.Session && p.Start >= g.Start && g.Start > 0 {
			left = append(left, p)
		}
	}
	return left
}
