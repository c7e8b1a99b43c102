// Package hazardtest runs hostile scripts in a live host, beside an honest bot. It
// has tests only.
//
// The scripts are in testdata, a file for each kind. Each must end within its
// limits and without ending the process; the heap must stay below twice the
// script's memory limit, and the honest bot must answer all the while.
//
// The suite runs them with limits that are scaled down, -short a sample of them;
// ILINKD_FULL=1 runs all with the default limits.
package hazardtest
