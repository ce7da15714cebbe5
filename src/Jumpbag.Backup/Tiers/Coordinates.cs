using Jumpbag.Host.Configuration;

namespace Jumpbag.Backup.Tiers;

/// <summary>A place on earth, in degrees: north and east are positive.</summary>
public readonly record struct Coordinates(double Latitude, double Longitude)
{
    private const double EarthRadius = 6371.0;

    /// <summary>Along the surface, in kilometres (haversine formula).</summary>
    public double DistanceTo(Coordinates other)
    {
        double latitude = Radians(other.Latitude - Latitude), longitude = Radians(other.Longitude - Longitude);
        double a = Math.Pow(Math.Sin(latitude / 2), 2) + Math.Cos(Radians(Latitude)) * Math.Cos(Radians(other.Latitude)) * Math.Pow(Math.Sin(longitude / 2), 2);
        return 2 * EarthRadius * Math.Asin(Math.Min(1, Math.Sqrt(a)));
    }

    /// <summary>Of the key "coordinates"; null where there is none.</summary>
    internal static Coordinates? Read(ConfigTable table) => table.Numbers("coordinates") switch
    {
        null => null,
        [>= -90 and <= 90 and var latitude, >= -180 and <= 180 and var longitude] => new(latitude, longitude),
        _ => throw table.Wrong("coordinates", "must be latitude and longitude in degrees", "coordinates = [32.78, -96.80] is Dallas"),
    };

    private static double Radians(double degrees) => degrees * Math.PI / 180;
}
