package docs_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	saidLine   = regexp.MustCompile(`^([a-z]+)( to [a-z]+)?: (.*)$`)
	mediaSaid  = regexp.MustCompile(`^\[(image|file|video) (.+)\]$`)
	afterLine  = regexp.MustCompile(`^\((\d+) (second|minute|hour|day)s? later\)$`)
	atLine     = regexp.MustCompile(`^\(at (\d\d:\d\d)\)$`)
	answerLine = regexp.MustCompile(`^\((https?://\S+) answers (.*)\)$`)
	inSeconds  = map[string]string{"second": "1", "minute": "60", "hour": "3600", "day": "86400"}
)

// transcript plays a conversation. Its lines are
//
//	you: ping                      what a user writes; other names are other users
//	you: [image cat.png]           and sends
//	bot: pong                      what the bot answers, all of it
//	     a second line             of the same message
//	bot to bob: hello              to another user than the one who wrote last
//	(5 minutes later)              seconds, minutes, hours, days
//	(at 18:00)
//	(ilinkd starts again)          after a crash
//	(https://… answers {"a": 1})   to what the bot asks then
func (p *page) transcript(t *testing.T, b block) {
	if p.bot == "" {
		t.Fatal("there is no bot before it")
	}
	lines, err := played(b.lines)
	if err != nil {
		t.Fatal(err)
	}
	p.play(t, lines)
}

// played returns the Lua of a conversation.
func played(conversation []string) (lua []string, err error) {
	var users []string
	user := func(name string) string {
		if !slices.Contains(users, name) {
			users = append(users, name)
			lua = append(lua, fmt.Sprintf("local %s = bot:user(%q)", name, name))
		}
		return name
	}
	last := ""
	for i := 0; i < len(conversation); i++ {
		line := conversation[i]
		if m := saidLine.FindStringSubmatch(line); m != nil {
			text := m[3]
			indent := strings.Repeat(" ", len(line)-len(text))
			for i+1 < len(conversation) && strings.HasPrefix(conversation[i+1], indent) {
				i++
				text += "\n" + strings.TrimPrefix(conversation[i], indent)
			}
			switch media := mediaSaid.FindStringSubmatch(text); {
			case m[1] == "bot":
				to := last
				if m[2] != "" {
					to = user(strings.TrimPrefix(m[2], " to "))
				}
				if to == "" {
					return nil, fmt.Errorf("%q: nobody has written to the bot; say to whom, as in \"bot to bob:\"", line)
				}
				lua = append(lua, fmt.Sprintf("expect(%s:hears()).to.equal(%s)", to, quoted(text)))
			case media != nil:
				last = user(m[1])
				lua = append(lua, fmt.Sprintf("%s:says { %s = { name = %s, data = \"\\137PNG\" } }", last, media[1], quoted(media[2])))
			default:
				last = user(m[1])
				lua = append(lua, fmt.Sprintf("%s:says(%s)", last, quoted(text)))
			}
			continue
		}
		if m := afterLine.FindStringSubmatch(line); m != nil {
			lua = append(lua, fmt.Sprintf("clock.advance(%s * %s)", m[1], inSeconds[m[2]]))
		} else if m := atLine.FindStringSubmatch(line); m != nil {
			lua = append(lua, fmt.Sprintf("clock.set(%q)", m[1]))
		} else if m := answerLine.FindStringSubmatch(line); m != nil {
			lua = append(lua, fmt.Sprintf("http.stub(%s, { body = %s })", quoted(m[1]), quoted(m[2])))
		} else if line == "(ilinkd starts again)" {
			lua = append(lua, "bot:restart()")
		} else {
			return nil, fmt.Errorf("%q is no line of a conversation", line)
		}
	}
	for _, name := range users {
		lua = append(lua, name+":hears_nothing()")
	}
	return lua, nil
}

func TestPlayed(t *testing.T) {
	lua, err := played(strings.Split("you: a\nbot: b\n     c\nbot to bob: [image x.png]\n(2 hours later)\n(ilinkd starts again)\nbob: [file y]", "\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`local you = bot:user("you")`, `you:says("a")`, `expect(you:hears()).to.equal("b\010c")`,
		`local bob = bot:user("bob")`, `expect(bob:hears()).to.equal("[image x.png]")`, `clock.advance(2 * 3600)`, `bot:restart()`,
		`bob:says { file = { name = "y", data = "\137PNG" } }`, `you:hears_nothing()`, `bob:hears_nothing()`,
	}
	if !slices.Equal(lua, want) {
		t.Errorf("got\n%s", strings.Join(lua, "\n"))
	}
	for _, wrong := range []string{"bot: nobody asked", "ping", "(later)", "Bot: x"} {
		if _, err := played([]string{wrong}); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}
