package runtime

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// LoadConfig reads a configuration file. Relative paths in it are relative to
// the file's folder. A key that doesn't exist and a value that makes no sense
// are a [*ConfigError] with the line, several of them joined.
func LoadConfig(path string) (Config, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return Config{}, fmt.Errorf("read the configuration: %s is a folder; name the file, such as %s", path, filepath.Join(path, "runtime.toml"))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read the configuration: %w", err)
	}
	return parseConfig(path, string(text))
}

func parseConfig(path, text string) (Config, error) {
	var c Config
	md, err := toml.Decode(text, &c)
	if err != nil {
		return Config{}, tomlError(path, err)
	}
	var errs []error
	for _, key := range md.Undecoded() {
		errs = append(errs, &ConfigError{
			File: path, Line: lineOfKey(text, key.String(), 0), Key: key.String(), Message: "there is no such setting" + suggest(key),
		})
	}
	if err := errors.Join(errs...); err != nil {
		return Config{}, err
	}

	if md.IsDefined("limits", "per_inbound") && c.Limits.PerInbound == 0 {
		return Config{}, &ConfigError{
			File: path, Line: lineOfKey(text, "limits.per_inbound", 0), Key: "limits.per_inbound",
			Message: "0 would let nothing be sent: write how many messages may answer one of a user's, or -1 for no limit",
		}
	}

	dir := filepath.Dir(path)
	below := func(p string) string {
		if p == "" || filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(dir, p)
	}
	if c.Data == "" {
		c.Data = defaultData
	}
	c.Data = below(c.Data)
	for i := range c.Bots {
		c.Bots[i].Script = below(c.Bots[i].Script)
		c.Bots[i].TokenFile = below(c.Bots[i].TokenFile)
	}
	full, err := c.withDefaults()
	if err != nil {
		return Config{}, locate(path, text, err)
	}
	return full, nil
}

var decoderError = regexp.MustCompile(`^toml: line (\d+) \(last key "([^"]*)"\): (.*)$`)

// tomlError puts a decoder's error into our form.
func tomlError(path string, err error) error {
	var pe toml.ParseError
	if !errors.As(err, &pe) {
		// Values of a wrong type come as text alone.
		ce := &ConfigError{File: path, Message: strings.TrimPrefix(err.Error(), "toml: ")}
		if m := decoderError.FindStringSubmatch(err.Error()); m != nil {
			ce.Line, _ = strconv.Atoi(m[1])
			ce.Key, ce.Message = m[2], m[3]
		} else if m := keyOfError.FindStringSubmatch(ce.Message); m != nil {
			ce.Key, ce.Message = m[1], m[2]
		}
		ce.Message = whatToWrite(ce.Key, ce.Message)
		return ce
	}
	msg := pe.Message
	if msg == "" {
		msg = strings.TrimPrefix(pe.Error(), "toml: ")
		if _, after, found := strings.Cut(msg, "): "); found {
			msg = after
		}
	}
	return &ConfigError{File: path, Line: pe.Position.Line, Key: pe.LastKey, Message: whatToWrite(pe.LastKey, msg)}
}

var (
	keyOfError  = regexp.MustCompile(`^\(last key "([^"]*)"\): (.*)$`)
	wrongType   = regexp.MustCompile(`^incompatible types: TOML value has type (\S+); destination has type (.+)$`)
	wantedTable = regexp.MustCompile(`^type mismatch for \S+: expected table but found (\S+)$`)
	tooLarge    = regexp.MustCompile(`^(\S+) is out of range for \S+$`)
)

// whatToWrite says of a value of the wrong type, for which the decoder has Go's
// words, what to write in its place.
func whatToWrite(key, message string) string {
	last := key[strings.LastIndexByte(key, '.')+1:]
	if m := wantedTable.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("it is one table: write [%s], and its settings below", key)
	}
	if m := tooLarge.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%s is too large a number", m[1])
	}
	m := wrongType.FindStringSubmatch(message)
	if m == nil {
		return message
	}
	switch got, want := m[1], m[2]; {
	case want == "slice" && strings.HasPrefix(got, "map") || want == "slice" && key == "bot":
		return fmt.Sprintf("there may be several: write [[%s]]", key)
	case want == "slice":
		return fmt.Sprintf("write a list: %s = [\"…\"]", last)
	case (want == "integer" || strings.HasPrefix(want, "int")) && isSize(last):
		return fmt.Sprintf("write a number of bytes, without quotation marks: 67108864 is 64 MiB (%s = 67108864)", last)
	case want == "integer" || strings.HasPrefix(want, "int"):
		return fmt.Sprintf("write a whole number, without quotation marks: %s = 5", last)
	case want == "boolean" || want == "bool":
		return fmt.Sprintf("write %s = true or %s = false, without quotation marks", last, last)
	case want == "float" || strings.HasPrefix(want, "float"):
		return fmt.Sprintf("write a number, without quotation marks: %s = 0.5", last)
	case strings.HasPrefix(want, "primitive"):
		return fmt.Sprintf("write a length of time in quotation marks: %s = \"10s\"", last)
	case want == "string":
		return fmt.Sprintf("write a text in quotation marks: %s = \"…\"", last)
	case want == "map" || want == "struct":
		return fmt.Sprintf("it is a table: write [%s], and its settings below", key)
	}
	return "it has a value of the wrong kind"
}

// isSize tells the settings that are numbers of bytes.
func isSize(name string) bool {
	return strings.Contains(name, "memory") || strings.HasSuffix(name, "bytes") || name == "string"
}

// locate adds the file and the lines to errors of withDefaults.
func locate(path, text string, err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var errs []error
	for _, e := range joined.Unwrap() {
		var ce *ConfigError
		if errors.As(e, &ce) {
			located := *ce
			located.File = path
			located.Line = lineOfValue(text, ce)
			e = &located
		}
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// lineOfValue finds the line that an error of withDefaults is about: that of its
// key on which the quoted value of the message stands, else the last one of the
// key, else that of its table.
func lineOfValue(text string, e *ConfigError) int {
	quoted := ""
	if parts := strings.SplitN(e.Message, `"`, 3); len(parts) == 3 {
		quoted = parts[1]
	}
	best := 0
	for line, key := range keyLines(text) {
		if key != e.Key {
			continue
		}
		if quoted != "" && strings.Contains(strings.Split(text, "\n")[line-1], quoted) {
			best = max(best, line)
		}
	}
	if best > 0 {
		return best
	}
	if line := lineOfKey(text, e.Key, 0); line > 0 {
		return line
	}
	table, _, _ := strings.Cut(e.Key, ".")
	return lineOfKey(text, table, 0)
}

// lineOfKey is the last line on which a dotted key is set, or its table begins;
// fallback if there is none.
func lineOfKey(text, key string, fallback int) int {
	best := fallback
	for line, k := range keyLines(text) {
		if k == key {
			best = max(best, line)
		}
	}
	return best
}

// keyLines maps line numbers, from 1, to the dotted keys that are set or the
// tables that begin there. The decoder keeps positions of keys to itself. Text
// within multi-line strings may look like a key: the worst that follows is a line
// number that is off.
func keyLines(text string) map[int]string {
	lines := map[int]string{}
	table := ""
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			name, _, _ := strings.Cut(strings.TrimLeft(line, "["), "]")
			table = cleanKey(name)
			lines[i+1] = table
		default:
			if key, _, found := strings.Cut(line, "="); found {
				lines[i+1] = strings.TrimPrefix(table+"."+cleanKey(key), ".")
			}
		}
	}
	return lines
}

func cleanKey(key string) string {
	parts := strings.Split(key, ".")
	for i, p := range parts {
		parts[i] = strings.Trim(strings.TrimSpace(p), `"'`)
	}
	return strings.Join(parts, ".")
}

// suggest lists the settings that there are beside one that doesn't exist.
func suggest(key toml.Key) string {
	names, ok := settings()[strings.Join(key[:len(key)-1], ".")]
	if !ok {
		return ""
	}
	return "; the settings here are " + strings.Join(names, ", ")
}

// settings lists the settings of each table, as Config's tags name them.
func settings() map[string][]string {
	all := map[string][]string{}
	var walk func(table string, t reflect.Type)
	walk = func(table string, t reflect.Type) {
		for i := range t.NumField() {
			name, field := t.Field(i).Tag.Get("toml"), t.Field(i).Type
			if name == "" || name == "-" {
				continue
			}
			all[table] = append(all[table], name)
			if field.Kind() == reflect.Slice {
				field = field.Elem()
			}
			if field.Kind() == reflect.Struct {
				walk(strings.TrimPrefix(table+"."+name, "."), field)
			}
		}
	}
	walk("", reflect.TypeFor[Config]())
	return all
}
