-- Asks about tokens: ask.lua (introspect | openbao) VALUES-FILE OUR-TOKEN MOST. The values are taken in an order that
-- no cache of the system foresees, the first MOST of them only.
local requests = {}

function init(arguments)
  local kind, path, own = arguments[1], arguments[2], arguments[3]
  local most = tonumber(arguments[4])
  for value in io.lines(path) do
    if #requests == most then break end
    local body, headers
    if kind == "openbao" then
      body = '{"token":"' .. value .. '"}'
      headers = { ["X-Vault-Token"] = own, ["Content-Type"] = "application/json" }
    else
      body = "token=" .. value
      headers = { ["Authorization"] = "Bearer " .. own, ["Content-Type"] = "application/x-www-form-urlencoded" }
    end
    local target = kind == "openbao" and "/v1/auth/token/lookup" or "/v1/introspect"
    requests[#requests + 1] = wrk.format("POST", target, headers, body)
  end
  math.randomseed(1)
end

function request()
  return requests[math.random(#requests)]
end
