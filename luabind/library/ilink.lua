---@meta ilink

---What a bot can do beyond answering: a global, and what require("ilink") returns.
---@class ilink
---@field version string The version of ilinkd.
ilink = {}

---A span of time: seconds, or a text such as "90s", "10m", "1h30m", "2 days", "10分钟".
---@alias ilink.Span number|string

---A line of crontab, such as "0 9 * * 1-5", or "@hourly", "@daily", "@weekly" and the like.
---@alias ilink.Crontab string

---A time such as "2030-01-31 18:00" or "18:00".
---@alias ilink.Time string

---A time zone by its name, such as "Asia/Shanghai" or "UTC".
---@alias ilink.Zone string

---The bot that runs this script.
---@class ilink.Bot
---@field name string The bot's name in the configuration.
ilink.bot = {}

---What this version of the script leaves to the next one, when a file of it was saved:
---plain data, that is booleans, numbers, strings, and tables of them, up to 8 MiB. The
---new version finds a copy here before its file runs. If there is something else in it,
---such as a function, the error names it, and the version before stays in use. The copy
---is taken when the new version begins to load: what a handler of the old one puts in
---later is lost. A restart of ilinkd begins with an empty table.
---@type table
---@example
---```lua
---local counts = ilink.state.counts or {}
---ilink.state.counts = counts
---
---function on_message(msg)
---  counts[msg.from] = (counts[msg.from] or 0) + 1
---  msg:reply("That was message " .. counts[msg.from])
---end
---```
ilink.state = {}

---Has a function called for messages that begin with a word, in any case, before
---on_message is asked. The user's "/help" lists the commands, unless there is one of
---that name. Call it at the top of the file.
---@param name string The word, such as "/weather".
---@param handler fun(msg: ilink.Message, args: ilink.Arguments) What to do.
---@param help? string What /help says about it; without it /help doesn't list it.
---@example
---```lua
---ilink.command("/add", function(msg, args)
---  msg:reply(tonumber(args[1]) + tonumber(args[2]))
---end, "A B  the sum of two numbers")
---
---function on_message(msg)
---  msg:reply("Try /help.")
---end
---```
function ilink.command(name, handler, help) end

---What follows a command: a list of its words, where quotation marks hold words
---together.
---@class ilink.Arguments
---@field text string All that follows, as it was written.
---@field [integer] string

---Has a function called for messages that match, if no command does; the first that
---matches gets the message. Call it at the top of the file.
---@param pattern string|string[]|{ kind: ilink.Kind } A pattern for the text, or several of which one is enough, or a kind of message.
---@param handler fun(msg: ilink.Message, ...: any) What to do; it also gets the pattern's captures, or what matched.
---@example
---```lua
---ilink.hears("my name is (%a+)", function(msg, name)
---  msg:reply("Hello, " .. name)
---end)
---ilink.hears({ kind = "image" }, function(msg) msg:reply("Nice picture.") end)
---
---function on_message(msg) msg:reply("What is your name?") end
---```
function ilink.hears(pattern, handler) end

---Puts a function before all else that a message goes to: next() hands it on, and
---without that it ends there. Several are called in their order. Call it at the top of
---the file.
---@param middleware fun(msg: ilink.Message, next: fun())
---@example
---```lua
---ilink.use(function(msg, next)
---  if msg.from == "mallory@im.wechat" then return end
---  next()
---  print("handled " .. msg.id)
---end)
---
---function on_message(msg) msg:reply("hello") end
---```
function ilink.use(middleware) end

---Sends to a user without answering a message. While the user's window is closed, it
---is kept and sent when the user writes again, unless the options say otherwise.
---@param to string The user's id, such as msg.from.
---@param content ilink.Content What to send.
---@param ... ilink.Content More to send, in order.
---@return ilink.SendResult? result What became of it; nil if it failed.
---@return ilink.Failure? err Why not.
---@example
---```lua
---local result, err = ilink.send("alice@im.wechat", { text = "Your parcel is here.", lifetime = 3600 })
---if not result then
---  print("not sent: " .. err)
---elseif result.status == "deferred" then
---  print("later: " .. result.advice)
---end
---```
function ilink.send(to, content, ...) end

---Answers a message, as msg:reply does. It also takes a copy of a message.
---@param msg ilink.Message The message to answer.
---@param content ilink.Content What to send.
---@param ... ilink.Content More to send, in order.
---@return ilink.SendResult? result What became of it; nil if it failed.
---@return ilink.Failure? err Why not.
---@example
---```lua
---function on_message(msg)
---  ilink.reply(msg, "Got it.")
---end
---```
function ilink.reply(msg, content, ...) end

---Shows or hides "typing…" at a user's.
---@param to string|ilink.Message The user's id, or a message of the user's.
---@param on? boolean Whether to show it; true if left out.
---@return true? ok
---@return ilink.Failure? err
---@example
---```lua
---ilink.typing("alice@im.wechat", true)
---```
function ilink.typing(to, on) end

---Fetches what was received, and saves it if there is a path. Fetching again
---costs nothing.
---@param from ilink.Message|ilink.Item|ilink.Quote|ilink.Media What to fetch; of a message, its first media.
---@param path? string Where to save it, below the bot's folder. At the end .* stands for the extension of the file's type, as in "photos/1.*"; a path that ends in / is a folder, in which the file keeps its name.
---@return ilink.Media? file The file.
---@return ilink.Failure? err
---@example
---```lua
---function on_message(msg)
---  for _, item in ipairs(msg.items) do
---    if item.media then assert(ilink.download(item)) end
---  end
---end
---```
function ilink.download(from, path) end

---Options of ilink.upload.
---@class ilink.UploadOptions
---@field to? string The user's id; the sender of the message being handled if left out.
---@field kind? "image"|"video"|"file" How it shows; by the file's type if left out.

---Uploads a file once, to be sent many times.
---@param file string|ilink.Media A path below the bot's folder, or media.
---@param options? ilink.UploadOptions
---@return ilink.Media? media What to send.
---@return ilink.Failure? err
---@example
---```lua
---local logo
---function on_message(msg)
---  logo = logo or assert(ilink.upload("logo.png"))
---  msg:reply(logo)
---end
---```
function ilink.upload(file, options) end

---Takes back a message that the bot sent.
---@param id string The message's id, from the result of sending it.
---@return true? ok
---@return ilink.Failure? err
---@example
---```lua
---function on_message(msg)
---  local result = assert(msg:reply("Oops."))
---  ilink.recall(result.id)
---end
---```
function ilink.recall(id) end

---Tells whether the handler should come to an end: it returns the earliest message of
---the same user that waits behind the one being handled; without one, true if the
---handler was interrupted; else false. Other handlers may run meanwhile, as at any call
---that waits.
---@return ilink.Message|boolean cancelled
---@example
---```lua
---function on_message(msg)
---  for page = 1, 5 do
---    local later = ilink.cancelled()
---    if later == true or later and later.text == "stop" then break end
---    msg:reply("Page " .. page)
---  end
---end
---```
function ilink.cancelled() end

---Options of ilink.every.
---@class ilink.ScheduleOptions
---@field name? string By which the bot knows it again after a restart; made of when it runs if left out.
---@field zone? ilink.Zone The time zone, such as "Asia/Shanghai"; the computer's if left out.
---@field missed? "once"|"skip" What becomes of runs while the bot was off: one run when it is back, which is what it does if left out, or none.

---Options of ilink.at: those of schedules outside of handlers, zone and data in a handler.
---@class ilink.AtOptions : ilink.ScheduleOptions
---@field data? any What the function gets second: a text, a number, or a table of such, up to 8 KiB.

---Options of ilink.after.
---@class ilink.TimerOptions
---@field data? any What the function gets second: a text, a number, or a table of such, up to 8 KiB.

---Runs a function again and again. It is called at the file's top level, outside of
---handlers. Restarts and reloads lose no run: what was missed meanwhile runs once. When
---a run takes longer than until the next time, that is left out.
---
---A line of crontab has minute, hour, day of the month, month and weekday: "0 9 * * 1-5"
---is 9:00 from Monday to Friday. Times that clocks leave out when they are set forward
---run then, times that come twice run once.
---
---Messages that it sends wait, if need be, until the user writes again.
---@param when ilink.Crontab|ilink.Span A line of crontab, "@hourly", "@daily", "@weekly" and the like, or a span: seconds, or "10m", "2h".
---@param run fun(due: number) What to do; gets when it was due, in seconds since 1970.
---@param options? ilink.ScheduleOptions
---@example
---```lua
---function on_message(msg)
---  kv.set("subscriber:" .. msg.from, true)
---  msg:reply("I will write to you each morning.")
---end
---
---ilink.every("0 9 * * 1-5", function()
---  for _, key in ipairs(kv.keys("subscriber:")) do
---    ilink.send(key:sub(#"subscriber:" + 1), "Good morning!")
---  end
---end, { name = "morning", zone = "Asia/Shanghai" })
---```
function ilink.every(when, run, options) end

---Runs a function at a time. In a handler it returns a timer; outside of handlers it is
---a schedule as with ilink.every, and returns nothing. In a handler, a time that is
---over is now.
---@param when ilink.Time|number "2030-01-31 18:00", seconds since 1970, or, in a handler, "18:00" for the next time that it is. In a handler a time that is past is due at once; outside of handlers it never comes.
---@param run fun(due: number, data: any) What to do; gets when it was due and, if there is one, the option data.
---@param options? ilink.AtOptions In a handler only zone and data.
---@return ilink.Timer? timer
---@return ilink.Failure? err
---@example
---```lua
---function on_message(msg)
---  ilink.at("18:00", function() msg:reply("Time to go home.") end, { zone = "Asia/Shanghai" })
---  msg:reply("I will tell you.")
---end
---```
function ilink.at(when, run, options) end

---Runs a function once, after a while. It outlives restarts: the function is then made
---again by running the handler that made it as far as it came, without doing or sending
---anything again. After a change of the script which makes that impossible the timer
---fails, and is in "ilinkd inbox list". Functions from the file's top level need none of
---that: what they are to know they get as the option data.
---@param span ilink.Span
---@param run fun(due: number, data: any) What to do; gets when it was due and, if there is one, the option data.
---@param options? ilink.TimerOptions
---@return ilink.Timer? timer
---@return ilink.Failure? err
---@example
---```lua
---function on_message(msg)
---  local minutes = tonumber(msg.text:match("^remind me in (%d+)"))
---  if not minutes then return msg:reply("Write: remind me in 5") end
---  local timer = ilink.after(minutes * 60, function() msg:reply("You wanted to be reminded.") end)
---  kv.user(msg):set("timer", timer.id)
---  ilink.after("1 day", ask_again, { data = { who = msg.from, text = msg.text } })
---end
---
---function ask_again(_, about)
---  ilink.send(about.who, "Yesterday you wrote: " .. about.text)
---end
---```
function ilink.after(span, run, options) end

---A timer that a handler started.
---@class ilink.Timer
---@field id string Its id, to be kept.
local Timer = {}

---Stops the timer.
---@return boolean? stopped Whether it was still to come.
---@return ilink.Failure? err
---@example
---```lua
---local timer = ilink.after("10m", function() msg:reply("Are you still there?") end)
---timer:cancel()
---```
function Timer:cancel() end

---Returns a timer by its id.
---@param id string
---@return ilink.Timer timer
---@example
---```lua
---function on_message(msg)
---  local id = kv.user(msg):get("timer")
---  if id and ilink.timer(id):cancel() then msg:reply("I won't remind you.") end
---end
---```
function ilink.timer(id) end

---Writes to the bot's log, at level info. Tables are written with what is in them.
---@class ilink.Log
---@overload fun(...: any)
ilink.log = {}

---Writes to the bot's log, at level debug.
---@param ... any What to write, joined with spaces.
---@example
---```lua
---ilink.log.debug("got", { 1, 2, 3 })
---```
function ilink.log.debug(...) end

---Writes to the bot's log, at level info.
---@param ... any What to write, joined with spaces.
---@example
---```lua
---ilink.log.info("started")
---```
function ilink.log.info(...) end

---Writes to the bot's log, at level warn.
---@param ... any What to write, joined with spaces.
---@example
---```lua
---ilink.log.warn("no menu today")
---```
function ilink.log.warn(...) end

---Writes to the bot's log, at level error.
---@param ... any What to write, joined with spaces.
---@example
---```lua
---ilink.log.error("the weather service is down")
---```
function ilink.log.error(...) end
