using Jumpbag.Core;

namespace Jumpbag.Backup.Stores.S3;

/// <summary>With which a request is signed.</summary>
/// <param name="Token">Of keys that last for some time only; else null.</param>
/// <param name="Region">Null where nothing says it.</param>
internal sealed record S3Keys(string Id, string Secret, string? Token, string? Region)
{
    private const int MostBytes = 1 << 20;

    /// <summary>From the environment, else from ~/.aws/credentials.</summary>
    /// <exception cref="FailedException">There are none.</exception>
    public static S3Keys Find(S3Address address, Func<string, string?> variable)
    {
        string? region = Variable("AWS_REGION") ?? Variable("AWS_DEFAULT_REGION");
        if (Variable("AWS_ACCESS_KEY_ID") is { } id && Variable("AWS_SECRET_ACCESS_KEY") is { } secret)
            return new(id, secret, Variable("AWS_SESSION_TOKEN"), region);
        string? file = Variable("AWS_SHARED_CREDENTIALS_FILE") ?? (Variable("HOME") is { } home ? Path.Combine(home, ".aws", "credentials") : null);
        string profile = Variable("AWS_PROFILE") ?? "default";
        if (file is not null && File.Exists(file) && Profile(file, profile) is { } found && found.TryGetValue("aws_access_key_id", out id!) && found.TryGetValue("aws_secret_access_key", out secret!))
            return new(id, secret, found.GetValueOrDefault("aws_session_token"), region ?? found.GetValueOrDefault("region"));
        throw new FailedException($"{address.Place}: there are no keys to it", $"AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY hold them, or the profile [{profile}] of {file ?? "~/.aws/credentials"}");

        string? Variable(string name) => variable(name) is { Length: > 0 } value ? value : null;
    }

    /// <summary>The lines of one section of a file in INI's form.</summary>
    private static Dictionary<string, string> Profile(string file, string profile)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        try
        {
            if (new FileInfo(file).Length > MostBytes)
                throw new FailedException($"{file}: is no file of keys: it is too long");
            bool isWanted = false;
            foreach (string line in File.ReadLines(file).Select(text => text.Trim()))
            {
                if (line.StartsWith('['))
                    isWanted = line == $"[{profile}]";
                else if (isWanted && line.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals && line[0] is not ('#' or ';'))
                    values[line[..equals].Trim()] = line[(equals + 1)..].Trim();
            }
            return values;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FailedException($"{file}: cannot be read: {e.Message}", null, e);
        }
    }
}
