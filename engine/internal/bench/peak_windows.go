package main

// peak is not known: Windows does not say with a process's end how much it used.
func peak(any) int64 { return 0 }
