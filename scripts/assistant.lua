-- A language model that you chat with: it remembers the conversation, answers while it
-- thinks, and can use the functions below.
--
-- Try it:  OPENAI_API_KEY=… go run . dev --env OPENAI_API_KEY scripts/assistant.lua
-- Change:  the service and the model; any with the API of OpenAI does. One on your own
--          computer needs no key: url = "http://localhost:11434/v1", and dev --http
--          localhost:11434. In runtime.toml the bot needs [bot.allow] env =
--          ["OPENAI_API_KEY"], and http = ["localhost:11434"] for one of your own.

local SERVICE = {
  url = "https://api.openai.com/v1",
  model = "gpt-4o-mini",
  key = env.OPENAI_API_KEY,
}
-- false for a service that wants none.
local NEEDS_KEY = true
local SYSTEM = "You are a friendly assistant in a WeChat chat. Answer in the user's language, and be brief."
-- How many messages of the conversation the model is told again.
local REMEMBER = 20
-- How many questions a user may ask in a day: they cost money.
local PER_DAY = 200

-- What the model may do. It gets what call returns, and an error as well.
local TOOLS = {
  current_time = {
    description = "The date and time now, somewhere",
    parameters = { zone = "a time zone, such as Asia/Shanghai" },
    call = function(args)
      return time.format(time.now(), "%A, %Y-%m-%d %H:%M", args.zone)
    end,
  },
  roll_dice = {
    description = "Rolls a die, for games and decisions",
    parameters = { sides = "integer" },
    call = function(args)
      if args.sides < 2 then return nil, "a die has two sides or more" end
      return random.int(1, args.sides)
    end,
  },
  remember_fact = {
    description = "Keeps something that the user wants you to know for ever",
    parameters = { fact = "one short sentence about the user" },
    call = function(args, msg)
      local facts = kv.user(msg):update("facts", function(facts)
        facts = facts or {}
        facts[#facts + 1] = text.truncate(args.fact, 200)
        if #facts > 20 then table.remove(facts, 1) end
        return facts
      end)
      return "I know " .. #facts .. " things now"
    end,
  },
}

-- What a user is told when there is no answer; the log has the details.
local EXCUSES = {
  unauthorized = "The key of this bot doesn't work. Please tell whoever runs it.",
  rate_limited = "I am asked too much right now. Try again in a minute.",
  timeout = "That took too long. Try again, or ask something shorter.",
  empty_text = "I read texts and voice messages only. 我只能看懂文字和语音。",
  interrupted = "Stopped.",
}

local missing = "The bot has no key for the language model: set the environment variable OPENAI_API_KEY and start it again."

local function has_key() return SERVICE.key and SERVICE.key ~= "" or not NEEDS_KEY end

function on_start()
  if not has_key() then ilink.log.error(missing) end
end

ilink.command("/new", function(msg)
  local ok, err = llm.forget(msg)
  if not ok then return msg:reply("That didn't work: " .. err) end
  msg:reply("Let us talk about something else.")
end, "begins a new conversation")

ilink.command("/forget", function(msg)
  llm.forget(msg)
  kv.user(msg):delete("facts")
  msg:reply("I know nothing about you any more.")
end, "forgets what you wanted me to remember, too")

function on_interrupt(msg)
  local said = text.fold(msg.text)
  return said == "stop" or said == "停" or said == "停止"
end

function on_message(msg)
  if not has_key() then return msg:reply(missing) end
  local me = kv.user(msg)
  if me:incr("asked", { expires = 24 * 3600 }) > PER_DAY then
    return msg:reply("That is enough for a day. Let us go on tomorrow.")
  end

  local system, facts = SYSTEM, me:get("facts")
  if facts then system = system .. "\nThe user wants you to know: " .. table.concat(facts, " ") end
  local answer, err = llm.reply(msg, {
    url = SERVICE.url, model = SERVICE.model, key = SERVICE.key,
    system = system, remember = REMEMBER, tools = TOOLS,
  })
  if not answer then
    if err.kind ~= "interrupted" then ilink.log.warn(err.kind .. ": " .. err) end
    msg:reply(EXCUSES[err.kind] or "Sorry, I can't think right now. Please try again later.")
  end
end
