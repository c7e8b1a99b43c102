package http

import "strings"

// Event is a server-sent event.
type Event struct {
	// Name is the event's type, "message" if the server gives none.
	Name string
	// Data are its lines, with line ends between them.
	Data string
	// ID is the last id that the server gave.
	ID string
}

// EventParser makes events of the lines of a text/event-stream. The zero value is
// at the beginning of one.
type EventParser struct {
	begun    bool
	name, id string
	data     []string
}

// Line takes the next line, without its end, and returns the events that are
// complete with it: one at most, unless lines end in carriage returns alone.
func (p *EventParser) Line(line string) []Event {
	if !p.begun {
		line = strings.TrimPrefix(line, "\ufeff")
		p.begun = true
	}
	var events []Event
	for one := range strings.SplitSeq(line, "\r") {
		if one == "" {
			events = append(events, p.End()...)
			continue
		}
		p.field(one)
	}
	return events
}

// End returns the event whose empty line at the end is missing, if there is one.
func (p *EventParser) End() []Event {
	name := p.name
	p.name = ""
	if p.data == nil {
		return nil
	}
	if name == "" {
		name = "message"
	}
	e := Event{Name: name, Data: strings.Join(p.data, "\n"), ID: p.id}
	p.data = nil
	return []Event{e}
}

func (p *EventParser) field(line string) {
	name, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch name {
	case "data":
		p.data = append(p.data, value)
	case "event":
		p.name = value
	case "id":
		if !strings.Contains(value, "\x00") {
			p.id = value
		}
	}
}
