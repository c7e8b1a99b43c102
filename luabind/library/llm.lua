---@meta llm

---Asks language models: any service or local server with the API of OpenAI
---(/v1/chat/completions). Which hosts the bot may ask is said as for http: a local server
---must be named in runtime.toml, [bot.allow] http = ["localhost:11434"].
---
---Failures return nil and an error. Its kind is one of http's, or "unauthorized" (the key),
---"rate_limited", "server" (the service has trouble; like the one before it has been
---asked three times then), "bad_request", "bad_answer" (no JSON, a web page, nothing at all)
---"tools" (the model only calls tools), or "empty_text" (the prompt is empty, as a picture's
---text is). What the model had said by then is in the
---error's field text.
---
---What a model thinks is no part of its answer: what comes in fields of its own
---(reasoning_content, reasoning, parts of the type "thinking") or between <think>,
---<thinking> or <thought> and its end. Such a tag counts where it begins a line, and not
---within a block of code; without an end, all that follows is thought. A refusal is an
---answer like any other.
---@class llm
llm = {}

---What is asked, of whom.
---@class llm.Options
---@field url string The service, such as "https://api.openai.com/v1" or "http://localhost:11434/v1".
---@field model string Such as "gpt-4o-mini".
---@field key? string The key, from the environment: env.OPENAI_API_KEY.
---@field system? string Who the model is, and how it should answer.
---@field prompt? string What is asked. In llm.reply it is the message's text if left out.
---@field tools? table<string, llm.Tool> Functions that the model may call, by their names.
---@field temperature? number From 0, for the likeliest words, to 2.
---@field max_tokens? integer How long the answer may be.
---@field remember? integer How many messages of the conversation the model is told again, up to 200; they are kept as long as kv.
---@field timeout? ilink.Span How long nothing may come; 60 seconds if left out.
---@field stream? boolean Whether the answer shall come as it is written; true if left out.
---@field headers? table<string, string> Further headers, such as { ["api-key"] = env.AZURE_KEY }.
---@field extra? table<string, any> Further fields of the request, such as { top_p = 0.9 }.

---Options of llm.chat.
---@class llm.ChatOptions : llm.Options
---@field messages? llm.Message[] What was said before the prompt.
---@field conversation? string|ilink.Message Whose conversation is remembered: a message or a user's id.
---@field on_text? llm.OnText Is called with each piece of the answer as it comes.

---What somebody has said.
---@class llm.Message
---@field role "system"|"user"|"assistant"
---@field content string|table A text, or what the service takes in its place.

---A function that the model may call.
---@class llm.Tool
---@field call llm.ToolFunction It gets the arguments and, of llm.reply, the message. What it returns the model is told, a table as JSON; so it is if it returns nil and an error, or fails.
---@field description? string What it does.
---@field parameters? table<string, string|table> Its parameters: a type ("string", "number", "integer", "boolean") or a description of a text for each, all needed; or a JSON schema.

---@alias llm.OnText fun(text: string)
---@alias llm.ToolFunction fun(arguments: table, msg?: ilink.Message): any, any

---What the model has said.
---@class llm.Answer
---@field text string All of it, as the model wrote it, without what it thought.
---@field finish string Why it ended: "stop", or "length" if max_tokens was too few.
---@field usage llm.Usage What it cost.
---@field results? ilink.SendResult[] What became of the messages, of llm.reply.

---What an answer cost, in all requests that it took.
---@class llm.Usage
---@field prompt_tokens integer
---@field completion_tokens integer
---@field total_tokens integer

---Why there is no answer.
---@class llm.Failure : ilink.Failure
---@field text? string What the model had said until then.

---Asks a model and returns the answer.
---@param options llm.ChatOptions
---@return llm.Answer? answer
---@return llm.Failure? err
---@example
---```lua
---local answer, err = llm.chat {
---  url = "https://api.example.org/v1", model = "small",
---  system = "Answer with one word: the language of the text.",
---  prompt = msg.text,
---}
---if not answer then return msg:reply("I can't tell: " .. err) end
---msg:reply("That is " .. answer.text)
---```
function llm.chat(options) end

---Answers a message with what a model says, while it says it: whole sentences and
---paragraphs become messages, at most eight, without the marks of Markdown (see
---text.strip_markdown), and "typing…" is shown meanwhile. What is too long for what the
---user's message allows follows when the user writes again. If the program ends meanwhile,
---the handler that is run again gets an error of kind "network" behind what was sent.
---@param msg ilink.Message
---@param options llm.Options
---@return llm.Answer? answer
---@return llm.Failure? err
---@example
---```lua
---local assistant = {
---  url = "https://api.example.org/v1", model = "small",
---  system = "You are a friendly assistant in a WeChat chat. Be brief.",
---  remember = 20,
---  tools = {
---    weather = {
---      description = "The weather in a city now",
---      parameters = { city = "the city's name" },
---      call = function(args) return { city = args.city, degrees = 21 } end,
---    },
---  },
---}
---
---function on_message(msg)
---  if msg.text == "/new" then
---    llm.forget(msg)
---    return msg:reply("Let's begin anew.")
---  end
---  local answer, err = llm.reply(msg, assistant)
---  if not answer then
---    ilink.log.warn(err.kind .. ": " .. err)
---    msg:reply("Sorry, I can't think now.")
---  end
---end
---```
function llm.reply(msg, options) end

---Forgets what was said with a user.
---@param conversation string|ilink.Message A message or a user's id.
---@return true? ok
---@return ilink.Failure? err
---@example
---```lua
---if msg.text == "/new" then llm.forget(msg) end
---```
function llm.forget(conversation) end
