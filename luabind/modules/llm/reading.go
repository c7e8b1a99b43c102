package llm

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/ilinkd/ilinkd/luabind"
)

// reading makes a talk of a script's options.
type reading struct {
	b        *binding
	L        *lua.LState
	function string
}

func (r *reading) mistake(format string, args ...any) {
	luabind.Mistake(r.L, "%s: %s", r.function, fmt.Sprintf(format, args...))
}

// commonOptions are those of all functions.
var commonOptions = []string{"url", "key", "model", "system", "tools", "temperature", "max_tokens", "timeout", "headers", "stream", "extra", "remember"}

// defaultTimeout is how long a model may think before it says the next word.
const defaultTimeout = 60 * time.Second

// options reads argument n.
func (r *reading) options(n int, more ...string) *talk {
	o := luabind.Options(r.L, n, r.function, append(slices.Clone(commonOptions), more...)...)
	t := &talk{b: r.b, function: r.function, table: o, header: map[string]string{}, stream: true, fields: map[string]json.RawMessage{}}
	t.url = endpoint(r.required(o, "url", `such as "https://api.openai.com/v1" or "http://localhost:11434/v1"`))
	t.model = r.required(o, "model", `such as "gpt-4o-mini"`)
	t.system = r.optional(o, "system")
	if key := strings.TrimSpace(r.optional(o, "key")); key != "" {
		if strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }) {
			r.mistake("the key has characters that no key has")
		}
		t.key = key
		t.header["Authorization"] = "Bearer " + key
	}
	if headers := r.table(o, "headers"); headers != nil {
		headers.ForEach(func(k, v lua.LValue) {
			name, ok := k.(lua.LString)
			value, isText := v.(lua.LString)
			if !ok || !isText || strings.ContainsAny(string(name)+string(value), "\r\n\x00") {
				r.mistake(`headers is a table such as { ["api-key"] = env.KEY }`)
			}
			t.header[string(name)] = string(value)
		})
	}
	if v := o.RawGetString("temperature"); v != lua.LNil {
		t.fields["temperature"] = r.number("temperature", v, 0, 100)
	}
	if v := o.RawGetString("max_tokens"); v != lua.LNil {
		t.fields["max_tokens"] = r.number("max_tokens", v, 1, 1e9)
	}
	if v := o.RawGetString("stream"); v != lua.LNil {
		t.stream = v == lua.LTrue
	}
	t.timeout = time.Duration(luabind.Seconds(r.L, o, r.function, "timeout", defaultTimeout.Seconds()) * float64(time.Second))
	if t.timeout <= 0 {
		r.mistake("timeout must be above 0 seconds")
	}
	if v := o.RawGetString("remember"); v != lua.LNil {
		n, ok := v.(lua.LNumber)
		if !ok || !(n >= 0) || n > maxRemembered {
			r.mistake("remember is how many messages of the conversation the model is told again, up to %d, got %s", maxRemembered, luabind.Describe(v))
		}
		t.remember = int(n)
	}
	if extra := r.table(o, "extra"); extra != nil {
		extra.ForEach(func(k, v lua.LValue) { t.fields[k.String()] = json.RawMessage(r.b.json.Encode(r.L, v)) })
	}
	r.tools(t, r.table(o, "tools"))
	return t
}

// endpoint is where a service that is given by its base is asked.
func endpoint(base string) string {
	const path = "/chat/completions"
	u, err := url.Parse(base)
	if err != nil || strings.HasSuffix(u.Path, path) {
		return base // what is no URL, the client says
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + path
	u.RawPath = ""
	return u.String()
}

func (r *reading) text(name string, v lua.LValue) string {
	s, ok := v.(lua.LString)
	if !ok {
		r.mistake("%s must be a text, got %s", name, luabind.Describe(v))
	}
	return strings.ToValidUTF8(string(s), "\uFFFD")
}

func (r *reading) optional(o *lua.LTable, name string) string {
	v := o.RawGetString(name)
	if v == lua.LNil {
		return ""
	}
	return r.text(name, v)
}

func (r *reading) required(o *lua.LTable, name, such string) string {
	s := r.optional(o, name)
	if s == "" {
		r.mistake("it needs %s, %s", name, such)
	}
	return s
}

func (r *reading) table(o *lua.LTable, name string) *lua.LTable {
	v := o.RawGetString(name)
	if v == lua.LNil {
		return nil
	}
	t, ok := v.(*lua.LTable)
	if !ok {
		r.mistake("%s must be a table, got %s", name, luabind.Describe(v))
	}
	return t
}

func (r *reading) number(name string, v lua.LValue, least, most float64) json.RawMessage {
	n, ok := v.(lua.LNumber)
	if !ok || !(float64(n) >= least && float64(n) <= most) {
		r.mistake("%s must be a number from %g to %g, got %s", name, least, most, luabind.Describe(v))
	}
	return json.RawMessage(n.String())
}

// user is whose conversation it is: an id, or a message's sender.
func (r *reading) user(name string, v lua.LValue) string {
	if t, ok := v.(*lua.LTable); ok {
		v = t.RawGetString("from")
	}
	switch v := v.(type) {
	case *lua.LNilType:
		return ""
	case lua.LString:
		if v != "" {
			return string(v)
		}
	}
	r.mistake("%s must be a message or a user's id", name)
	return ""
}

// messages reads a conversation that the script gives.
func (r *reading) messages(v lua.LValue) []message {
	if v == lua.LNil {
		return nil
	}
	list, ok := v.(*lua.LTable)
	if !ok || list.Len() == 0 {
		r.mistake(`messages is a list such as { { role = "user", content = msg.text } }, got %s`, luabind.Describe(v))
	}
	var all []message
	for i := 1; i <= list.Len(); i++ {
		t, _ := list.RawGetInt(i).(*lua.LTable)
		var role, content lua.LValue = lua.LNil, lua.LNil
		if t != nil {
			role, content = t.RawGetString("role"), t.RawGetString("content")
		}
		if !slices.Contains([]lua.LValue{lua.LString("system"), lua.LString("user"), lua.LString("assistant")}, role) || content == lua.LNil {
			r.mistake(`message %d needs a role ("system", "user" or "assistant") and a content`, i)
		}
		all = append(all, message{Role: role.String(), Content: json.RawMessage(r.b.json.Encode(r.L, content))})
	}
	return all
}

// What services take for a tool's name.
const (
	nameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
	maxName        = 64
)

// tool is a function that the model may call.
type tool struct {
	name        string
	description string
	parameters  json.RawMessage
	call        *lua.LFunction
}

func (r *reading) tools(t *talk, tools *lua.LTable) {
	if tools == nil {
		return
	}
	tools.ForEach(func(k, v lua.LValue) {
		name, ok := k.(lua.LString)
		if !ok || name == "" || len(name) > maxName || strings.Trim(string(name), nameCharacters) != "" {
			r.mistake("tools has names for keys, of letters, digits, _ and -, got %s", luabind.Describe(k))
		}
		o, ok := v.(*lua.LTable)
		if !ok {
			r.mistake("tools.%s must be a table with description, parameters and call, got %s", name, luabind.Describe(v))
		}
		o.ForEach(func(k, _ lua.LValue) {
			if known := []string{"description", "parameters", "call"}; !slices.Contains(known, k.String()) {
				r.mistake("tools.%s doesn't know the field %s (it knows %s)", name, k.String(), strings.Join(known, ", "))
			}
		})
		f, ok := o.RawGetString("call").(*lua.LFunction)
		if !ok {
			r.mistake("tools.%s.call must be the function that is called, got %s", name, luabind.Describe(o.RawGetString("call")))
		}
		t.tools = append(t.tools, tool{name: string(name), description: r.optional(o, "description"), parameters: r.schema(string(name), r.table(o, "parameters")), call: f})
	})
	slices.SortFunc(t.tools, func(a, b tool) int { return strings.Compare(a.name, b.name) })
}

// schemaTypes are JSON's, as schemas name them.
var schemaTypes = []string{"string", "number", "integer", "boolean", "array", "object"}

// schema is a tool's parameters as JSON schema: as it is, or of a short form with a
// type or a description for each.
func (r *reading) schema(tool string, t *lua.LTable) json.RawMessage {
	if t != nil && (t.RawGetString("type") == lua.LString("object") || t.RawGetString("properties").Type() == lua.LTTable) {
		return json.RawMessage(r.b.json.Encode(r.L, t))
	}
	properties := map[string]json.RawMessage{}
	required := []string{}
	if t != nil {
		t.ForEach(func(k, v lua.LValue) {
			name, ok := k.(lua.LString)
			if !ok {
				r.mistake(`tools.%s.parameters is a table such as { city = "the city's name" }`, tool)
			}
			switch v := v.(type) {
			case *lua.LTable:
				properties[string(name)] = json.RawMessage(r.b.json.Encode(r.L, v))
			case lua.LString:
				p := map[string]string{"type": "string", "description": string(v)}
				if slices.Contains(schemaTypes, string(v)) {
					p = map[string]string{"type": string(v)}
				}
				properties[string(name)] = encoded(p)
			default:
				r.mistake("tools.%s.parameters.%s must be a type such as %q, a description, or a schema, got %s", tool, name, "number", luabind.Describe(v))
			}
			required = append(required, string(name))
		})
	}
	slices.Sort(required)
	return encoded(map[string]any{"type": "object", "properties": properties, "required": required})
}

// encoded is JSON of what can be written so.
func encoded(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return text
}
