package ilink

import (
	"regexp"
	"strings"
)

const (
	// channelVersion is the version of Tencent's client whose protocol we follow.
	channelVersion = "2.4.9"
	// clientVersion is the same as 0x00MMNNPP, the form of the
	// iLink-App-ClientVersion header (protocol §1).
	clientVersion = "132105"
	// appID is the iLink-App-Id header.
	appID = "bot"

	// defaultBotAgent is sent when nothing usable was configured.
	defaultBotAgent = "ilinkd/1"
	// maxBotAgent is the longest bot_agent in bytes.
	maxBotAgent = 256
)

// SanitizeBotAgent makes a bot_agent that the server takes (protocol §1):
// Name/Version tokens, each perhaps followed by a (comment), in ASCII, at most
// 256 bytes. Tokens that don't fit the form are left out, and trailing ones
// beyond the length; if nothing is left it returns "ilinkd/1".
func SanitizeBotAgent(raw string) string {
	product := regexp.MustCompile(`^[A-Za-z0-9_.-]{1,32}/[A-Za-z0-9_.+-]{1,32}$`)
	comment := regexp.MustCompile(`^\([\x20-\x27\x2a-\x7e]{1,64}\)$`)

	var kept []string
	afterProduct := false
	for _, token := range botAgentTokens(raw) {
		switch {
		case product.MatchString(token):
			kept = append(kept, token)
			afterProduct = true
		case afterProduct && comment.MatchString(token):
			kept[len(kept)-1] += " " + token
			afterProduct = false
		default:
			afterProduct = false
		}
	}

	agent := ""
	for _, k := range kept {
		longer := strings.TrimPrefix(agent+" "+k, " ")
		if len(longer) > maxBotAgent {
			break
		}
		agent = longer
	}
	if agent == "" {
		return defaultBotAgent
	}
	return agent
}

// botAgentTokens splits at blanks, but keeps a (comment) in one piece.
func botAgentTokens(raw string) []string {
	var tokens []string
	words := strings.Fields(raw)
	for i := 0; i < len(words); i++ {
		token := words[i]
		if strings.HasPrefix(token, "(") {
			for !strings.HasSuffix(token, ")") && i+1 < len(words) {
				i++
				token += " " + words[i]
			}
		}
		tokens = append(tokens, token)
	}
	return tokens
}
