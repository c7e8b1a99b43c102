package check

// otherLanguages are words that people know from elsewhere.
var otherLanguages = map[string]string{
	"null": "nil", "None": "nil", "undefined": "nil", "NULL": "nil", "True": "true", "False": "false",
	"self_": "self", "printf": "print(string.format(…))", "len": "#list", "console": "print", "elif": "elseif",
}

// otherGlobals are functions that people expect to be there by themselves.
var otherGlobals = map[string]string{
	"sleep": "time.sleep", "wait": "time.sleep", "delay": "time.sleep", "setTimeout": "ilink.after", "setInterval": "ilink.every",
	"fetch": "http.get", "now": "time.now",
}

// otherMembers are fields and methods that people know from other libraries for
// bots, by the class in which they look for them.
var otherMembers = map[string]map[string]string{
	"ilink.Message": {
		"send": "reply", "say": "reply", "answer": "reply", "respond": "reply", "prompt": "ask", "content": "text", "body": "text", "message": "text",
		"sender": "from", "user": "from", "user_id": "from", "from_user": "from", "from_id": "from", "type": "kind", "timestamp": "time",
		"group_id": "group", "chat": "from", "media": "items", "save": "download",
	},
	"ilink": {
		"cron": "every", "schedule": "every", "sleep": "time.sleep", "match": "hears", "on_text": "hears", "middleware": "use", "kv": "kv",
		"http": "http", "json": "json", "llm": "llm", "name": "bot.name",
	},
}

// instead is what to use for something that the sandbox leaves out: a name of the
// API, and what to do with it. The first whose name there is counts.
type instead struct{ api, advice string }

// removed are names of Lua's that the sandbox leaves out.
var removed = map[string][]instead{
	"io":             {{"files", "use files to read and write files below the bot's folder"}, {"", "msg:download and media:save keep files, print writes to the log"}},
	"io.write":       {{"print", "print writes to the log"}},
	"debug":          {{"print", "print and ilink.log show what happens"}},
	"package":        {{"require", "require finds files below the script's folder"}},
	"load":           {{"require", "put the code into a file of its own and require it"}},
	"loadstring":     {{"require", "put the code into a file of its own and require it"}},
	"loadfile":       {{"require", "require the file"}},
	"dofile":         {{"require", "require the file"}},
	"module":         {{"require", "return a table at the end of the file, and require that"}},
	"collectgarbage": {{"", "memory is freed by itself"}},
	"getfenv":        {{"", "there is one environment"}},
	"setfenv":        {{"", "there is one environment"}},
	"newproxy":       {{"setmetatable", "use setmetatable"}},
	"os.execute":     {{"", "a bot can't run programs"}},
	"os.exit":        {{"", "a handler ends with return"}},
	"os.getenv":      {{"env", "use env, for variables that the configuration allows"}, {"", "a bot can't read the environment"}},
	"os.remove":      {{"files", "use files.remove"}, {"", "a bot can't remove files"}},
	"os.rename":      {{"files", "use files"}, {"", "a bot can't rename files"}},
	"os.tmpname":     {{"files", "use files, below the bot's folder"}, {"", "a bot has no temporary files"}},
	"os.setlocale":   {{"", "the language can't be changed"}},
	"string.dump":    {{"", "functions can't be written as strings"}},
	"table.foreach":  {{"pairs", "use for … in pairs(t)"}},
	"table.foreachi": {{"ipairs", "use for … in ipairs(t)"}},
}

// elsewhere are modules that people know from Lua programs.
var elsewhere = map[string][]instead{
	"socket": {{"http", "use http"}}, "socket.http": {{"http", "use http"}}, "ssl.https": {{"http", "use http"}},
	"http.request": {{"http", "use http"}}, "requests": {{"http", "use http"}}, "resty.http": {{"http", "use http"}},
	"cjson": {{"json", "use json"}}, "dkjson": {{"json", "use json"}}, "cjson.safe": {{"json", "use json"}},
	"rapidjson": {{"json", "use json"}}, "lunajson": {{"json", "use json"}},
	"lfs": {{"files", "use files"}}, "io": {{"files", "use files"}}, "debug": {{"print", "use print"}},
	"mime": {{"base64", "use base64"}}, "md5": {{"hash", "use hash"}}, "sha1": {{"hash", "use hash"}}, "sha2": {{"hash", "use hash"}},
	"inspect": {{"print", "print writes tables with what is in them"}}, "redis": {{"kv", "use kv"}}, "lsqlite3": {{"kv", "use kv"}},
	"re": {{"re", "use re"}}, "lpeg": {{"re", "use re"}}, "rex_pcre": {{"re", "use re"}}, "ffi": {{"", "a bot can't call C"}},
}

// gone says what to use for a name that the sandbox leaves out: the end of a
// message, "" if it isn't such a name.
func (w *work) gone(name string) string { return w.choose(removed[name]) }

// insteadOf is gone for a module.
func (w *work) insteadOf(module string) string { return w.choose(elsewhere[module]) }

func (w *work) choose(list []instead) string {
	for _, i := range list {
		if i.api == "" || w.known(i.api) {
			return ": " + i.advice
		}
	}
	return ""
}
