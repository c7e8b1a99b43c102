package runtime

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ilinkd/ilinkd/ilink"
)

// ErrNoToken says that a bot has not logged in yet.
var ErrNoToken = errors.New("the bot has no token yet")

// Token returns the bot's token: the one given, that of the environment
// variable, or that of the file. It is an [ErrNoToken] if there is none.
func (b *BotConfig) LoadToken() (ilink.Token, error) {
	switch {
	case b.Token != nil:
		return *b.Token, nil
	case b.TokenEnv != "":
		value := strings.TrimSpace(os.Getenv(b.TokenEnv))
		if value == "" {
			return ilink.Token{}, fmt.Errorf("%w: set the environment variable %s", ErrNoToken, b.TokenEnv)
		}
		return parseToken([]byte(value), "the environment variable "+b.TokenEnv)
	}
	text, err := os.ReadFile(b.TokenFile)
	if errors.Is(err, fs.ErrNotExist) {
		return ilink.Token{}, fmt.Errorf("%w: run \"ilinkd login --bot %s\"", ErrNoToken, b.Name)
	}
	if err != nil {
		return ilink.Token{}, fmt.Errorf("read the token: %w", err)
	}
	return parseToken(text, b.TokenFile)
}

// parseToken reads what login writes, or a bare token.
func parseToken(text []byte, from string) (ilink.Token, error) {
	trimmed := strings.TrimSpace(string(text))
	if trimmed != "" && trimmed[0] != '{' && !strings.ContainsAny(trimmed, " \t\r\n\"<>") {
		return ilink.Token{BotToken: trimmed}, nil
	}
	var t ilink.Token
	// The decoder's own words could quote the token.
	if json.Unmarshal(text, &t) != nil || t.BotToken == "" {
		return t, fmt.Errorf("%s holds no token: log in again", from)
	}
	return t, nil
}

// SaveToken writes the bot's token to its file, mode 0600, as a whole or not at
// all.
func (b *BotConfig) SaveToken(t ilink.Token) error {
	text, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the token: %w", err)
	}
	if err := writePrivate(b.TokenFile, append(text, '\n')); err != nil {
		return fmt.Errorf("save the token: %w", err)
	}
	return nil
}

// writePrivate replaces a file as a whole, mode 0600, and makes its folder if
// need be.
func writePrivate(path string, text []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, filepath.Base(path)+".*") // made 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(text)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
	}
	return err
}
