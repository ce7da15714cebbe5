using Jumpbag.Core;

namespace Jumpbag.Backup.Stores;

/// <summary>rest:http[s]://[USER[:PASSWORD]@]HOST[:PORT]/[PATH/]</summary>
internal static class RestAddress
{
    public const string Scheme = "rest:", PasswordVariable = "RESTIC_REST_PASSWORD";

    public static StoreAddress.Target Read(string text)
    {
        if (!Uri.TryCreate(text[Scheme.Length..], UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0 || url.Query.Length + url.Fragment.Length > 0)
            throw new UsageException($"{StoreAddress.WithoutPassword(text)}: is no address of a REST server", "such as rest:https://USER@HOST:8000/PATH/, the password in RESTIC_REST_PASSWORD");
        string[] login = url.UserInfo.Split(':', 2);
        var top = new UriBuilder(url) { UserName = "", Password = "", Path = url.AbsolutePath.EndsWith('/') ? url.AbsolutePath : url.AbsolutePath + "/" }.Uri;
        return new($"rest:{top}", options =>
        {
            string? user = login[0].Length > 0 ? Uri.UnescapeDataString(login[0]) : options.Variable("RESTIC_REST_USERNAME");
            string? password = login.Length > 1 ? Uri.UnescapeDataString(login[1]) : options.Variable(PasswordVariable);
            return new RestStore(top, string.IsNullOrEmpty(user) ? null : user, password, options);
        });
    }
}
