package faulttest

import "syscall"

// childAttr has ilinkd end with the tests, however those end.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
