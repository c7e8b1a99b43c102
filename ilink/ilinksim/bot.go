package ilinksim

import (
	"fmt"
	"time"
)

// A Bot is a bot account: what a client needs to be that bot.
type Bot struct {
	ID      string `json:"bot_id"` // ends in @im.bot
	Token   string `json:"bot_token"`
	BaseURL string `json:"base_url"` // the API base, as URL
	CDNURL  string `json:"cdn_url"`
}

// A bot is the server's side of a bot account.
type bot struct {
	id      string
	token   string
	tokenAt time.Time // of the login, on the simulator's clock
	expired bool      // the token is answered with -14 until the next login
	logins  int

	seq     int
	queue   []*inbound // waiting for a poll, in order
	cursor  int        // batches delivered
	answers int        // getupdates answers, for their alternating forms
	taken   int        // messages delivered
	poll    *poll      // the poll being held

	windows  map[string]*window // by user
	throttle throttle
	tickets  map[string]*ticket // by user
	// generating are the client ids of messages sent in that state.
	generating map[string]bool
	clientIDs  map[string]uint64 // client_id of accepted sends, to message id
	starts     int
	stops      int
}

// AddBot adds a bot account and logs it in. A short name is completed to
// name@im.bot, "" makes one up. An existing account is returned as it is.
func (s *Server) AddBot(id string) Bot {
	s.mu.Lock()
	defer s.mu.Unlock()
	id = botID(id)
	b := s.findBot(id)
	if b == nil {
		b = s.newBot(id)
	}
	return s.public(b)
}

// ExpireToken makes the bot's token stale: all its calls get -14 until the
// bot logs in again, held polls at once. It fails if there is no such bot.
func (s *Server) ExpireToken(bot string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.findBot(botID(bot))
	if b == nil {
		return fmt.Errorf("no bot %q", bot)
	}
	b.expired = true
	s.touch()
	return nil
}

func (s *Server) public(b *bot) Bot {
	return Bot{ID: b.id, Token: b.token, BaseURL: s.URL, CDNURL: s.CDNURL}
}

// newBot adds an account and logs it in. mu must be held, as for all below.
func (s *Server) newBot(id string) *bot {
	if id == "" {
		id = randomHex(6) + "@im.bot"
	}
	b := &bot{
		id:        id,
		windows:   map[string]*window{},
		tickets:   map[string]*ticket{},
		clientIDs: map[string]uint64{},
	}
	s.bots = append(s.bots, b)
	s.renew(b)
	return b
}

// renew logs a bot in: a new token, and -14 for whoever uses the old one.
func (s *Server) renew(b *bot) {
	if b.token != "" {
		delete(s.byToken, b.token)
		s.retired[b.token] = b.id
	}
	b.token = b.id + ":" + randomHex(20)
	b.tokenAt = s.clock.now()
	b.expired = false
	b.logins++
	s.byToken[b.token] = b
	s.touch()
}

func (s *Server) findBot(id string) *bot {
	for _, b := range s.bots {
		if b.id == id {
			return b
		}
	}
	return nil
}

// oneBot is the bot called id, or the only one where id is "".
func (s *Server) oneBot(id string) (*bot, error) {
	if id != "" {
		if b := s.findBot(botID(id)); b != nil {
			return b, nil
		}
		return nil, fmt.Errorf("no bot %q: add it with POST /sim/bots", botID(id))
	}
	switch len(s.bots) {
	case 1:
		return s.bots[0], nil
	case 0:
		return nil, fmt.Errorf("there is no bot yet: add one with POST /sim/bots")
	default:
		return nil, fmt.Errorf("there are %d bots: say which with \"bot\"", len(s.bots))
	}
}
