using Jumpbag.Core;
using Jumpbag.Host;

namespace Jumpbag.Backup.Sources;

/// <summary>Who backs up, and where: what snapshots, keys and locks say of it.</summary>
internal static class ThisMachine
{
    /// <summary>As uname(2) has it. The framework's name ends at the first dot.</summary>
    public static string HostName { get; } = File.ReadAllText("/proc/sys/kernel/hostname").Trim();

    public static uint UserId => ProcessIdentity.EffectiveUser;

    public static uint GroupId => ProcessIdentity.EffectiveGroup;

    public static string UserName { get; } = AccountNames.OfUser(ProcessIdentity.EffectiveUser).ToString();
}
