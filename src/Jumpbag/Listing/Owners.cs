using System.Globalization;
using System.Text;
using Jumpbag.Core;
using Jumpbag.FileSystems;

namespace Jumpbag.Listing;

/// <summary>The names of users and groups as the disk's own /etc/passwd and /etc/group have them: the rescuer's are not theirs.</summary>
public sealed class Owners
{
    private const int LargestFile = 4 << 20;

    private readonly Dictionary<uint, string> users;
    private readonly Dictionary<uint, string> groups;

    private Owners(Dictionary<uint, string> users, Dictionary<uint, string> groups)
    {
        this.users = users;
        this.groups = groups;
    }

    public static Owners Numeric { get; } = new([], []);

    public static Owners Of(FileTree tree) => new(Read(tree, "/etc/passwd"), Read(tree, "/etc/group"));

    public string User(uint uid) => users.TryGetValue(uid, out string? name) ? name : uid.ToString(CultureInfo.InvariantCulture);

    public string Group(uint gid) => groups.TryGetValue(gid, out string? name) ? name : gid.ToString(CultureInfo.InvariantCulture);

    private static Dictionary<uint, string> Read(FileTree tree, string path)
    {
        var names = new Dictionary<uint, string>();
        byte[]? text;
        try
        {
            text = tree.ReadSmallFile(ByteString.FromText(path), LargestFile);
        }
        catch (JumpbagException)
        {
            return names; // Numbers are shown instead of names; whoever copies the file itself is told why it cannot be read.
        }
        foreach (string line in Encoding.UTF8.GetString(text ?? []).Split('\n'))
            if (line.Split(':') is [{ Length: > 0 } name, _, var number, ..] && uint.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out uint id))
                names.TryAdd(id, ByteString.FromText(name).ToString());
        return names;
    }
}
