---@meta re

---Regular expressions as RE2 has them, for what Lua's patterns can't say:
---alternatives (cat|dog), repeats of groups (ab)+, counts \d{2,4}, letters of all
---languages \p{L} and \p{Han}, names (?P<year>\d+), ignoring case (?i). There are no
---references back and no looking ahead. Write patterns in [[ ]], where \ is itself. A
---pattern that is wrong is an error; positions are in bytes, as string.find has them.
---@class re
re = {}

---What matched: the whole at [0], the groups at [1] and so on, and those with a
---name also by that. A group that had no part in it is nil.
---@alias re.Match table<integer|string, string>

---Reports whether a pattern is found in a text.
---@param text string
---@param pattern string
---@return boolean
---@nodiscard
---@example
---```lua
---if re.test(msg.text, "(?i)hello|你好") then msg:reply("Hello!") end
---```
function re.test(text, pattern) end

---Returns the first match in a text, nil if there is none.
---@param text string
---@param pattern string
---@return re.Match?
---@nodiscard
---@example
---```lua
---local m = re.match("2026-05-01", [[(?P<year>\d{4})-(\d\d)-(\d\d)]])
---msg:reply(m and m.year .. "/" .. m[2] or "That is no date.")
---```
function re.match(text, pattern) end

---Returns where the first match begins and ends, and the match; nil if there is none.
---@param text string
---@param pattern string
---@param init? integer Where to begin, from the end if negative; 1 if left out.
---@return integer? from
---@return integer to
---@return re.Match match
---@nodiscard
---@example
---```lua
---local from, to, m = re.find("Call 555-1234 now", [[\d+-\d+]])
---assert(from == 6 and to == 13 and m[0] == "555-1234")
---```
function re.find(text, pattern, init) end

---Returns all matches, which don't overlap, in order.
---@param text string
---@param pattern string
---@param max? integer How many are wanted at most.
---@return re.Match[]
---@nodiscard
---@example
---```lua
---for _, m in ipairs(re.find_all("#red and #blue", [[#(\w+)]])) do
---  print(m[1])
---end
---```
function re.find_all(text, pattern, max) end

---Replaces the matches: by a text, in which $1 or ${name} is a group and $$ a $; or by
---what a function returns that is called with each match, which stays if that is
---nothing.
---@param text string
---@param pattern string
---@param replacement string|fun(match: re.Match): string|number|nil
---@param max? integer How many are replaced at most.
---@return string text
---@return integer count How many were replaced.
---@example
---```lua
---assert(re.replace("Ada Lovelace", [[(\w+) (\w+)]], "$2, $1") == "Lovelace, Ada")
---msg:reply((re.replace("2 cats", [[\d+]], function(m) return m[0] + 1 end)))
---```
function re.replace(text, pattern, replacement, max) end

---Returns the pieces of a text that are between the matches.
---@param text string
---@param pattern string
---@param max? integer How many pieces are wanted at most; the last has the rest.
---@return string[]
---@nodiscard
---@example
---```lua
---local words = re.split("milk, eggs;bread", [[[,;]\s*]])
---assert(#words == 3)
---```
function re.split(text, pattern, max) end

---Returns a pattern that finds just this text.
---@param text string
---@return string
---@nodiscard
---@example
---```lua
---assert(re.test("1+1=2", re.escape("1+1")))
---```
function re.escape(text) end
