package spec

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// The elements of JUnit's XML that the usual readers know.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr,omitempty"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure"`
		Skipped *struct{}     `xml:"skipped"`
		Output  string        `xml:"system-out,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes a report as the XML that continuous integration reads.
func (r *Report) WriteJUnit(w io.Writer) error {
	total := r.Counts()
	all := junitSuites{
		Tests: total.Passed + total.Failed + total.Pending, Failures: total.Failed, Skipped: total.Pending, Time: junitTime(r.Took),
	}
	for _, f := range r.Files {
		n := f.Counts()
		suite := junitSuite{
			Name: f.Name, Tests: n.Passed + n.Failed + n.Pending, Failures: n.Failed, Skipped: n.Pending, Time: junitTime(f.Took),
		}
		if f.Failure != nil {
			suite.Cases = append(suite.Cases, junitCase{
				Class: f.Name, Name: "the file", File: f.Name, Time: junitTime(f.Took), Failure: junitFailureOf([]Failure{*f.Failure}),
			})
		}
		for i := range f.Cases {
			c := &f.Cases[i]
			out := junitCase{
				Class: f.Name, Name: c.Name(), File: f.Name, Line: c.Line, Time: junitTime(c.Took),
				Output: xmlText(strings.Join(c.Output, "\n")),
			}
			if len(c.Failures) > 0 {
				out.Failure = junitFailureOf(c.Failures)
			} else if c.Pending {
				out.Skipped = &struct{}{}
			}
			suite.Cases = append(suite.Cases, out)
		}
		all.Suites = append(all.Suites, suite)
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	}
	if err != nil {
		return fmt.Errorf("write the JUnit report: %w", err)
	}
	return nil
}

func junitFailureOf(failures []Failure) *junitFailure {
	var texts []string
	for _, f := range failures {
		texts = append(texts, f.String())
	}
	first, _, _ := strings.Cut(failures[0].Message, "\n")
	return &junitFailure{Message: xmlText(first), Text: xmlText(strings.Join(texts, "\n\n"))}
}

func junitTime(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }

// xmlText takes out what XML can't hold.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == '\uFFFE' || r == '\uFFFF' {
			return '\uFFFD'
		}
		return r
	}, s)
}
