---@meta env

---Environment variables, for keys and passwords that don't belong into a script.
---Those that the script may read are named in runtime.toml: [bot.allow] env =
---["OPENAI_API_KEY"]. Each is a field; env.OPENAI_API_KEY is nil if it isn't set, and
---one that isn't named there is an error.
---@class env
---@field [string] string?
env = {}

---Returns an environment variable, or something else if it isn't set. Here, too, one
---that [bot.allow] env doesn't name is an error: "otherwise" is for one that the script
---may read and that isn't set.
---@param name string A variable that the script may read.
---@param otherwise? any nil if left out.
---@return any value
---@nodiscard
---@example
---```lua
---local city = env.get("CITY", "Shanghai")
---msg:reply("The weather in " .. city .. ": I would have to look.")
---```
function env.get(name, otherwise) end
